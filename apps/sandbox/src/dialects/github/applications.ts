// https://docs.github.com/en/rest/apps/oauth-applications
import type { Context, Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { readForm } from '../../oauth/form.ts'
import { hasSecret, shownClient } from '../core/client.ts'
import type { Pair } from '../core/grants.ts'
import { notFound, restError } from './rest-error.ts'
import type { GitHubApp, OAuthApp, State } from './state.ts'

interface Shown {
  app: OAuthApp | GitHubApp
  pair: Pair
}

/** What an app's owner may do with a token of it: look at it, replace it, end it, end all of its user. */
export function applications(app: Hono<Env>, state: State): void {
  const { grants } = state
  app.post('/applications/:clientId/token', (c) =>
    withToken(
      c,
      state,
      (c) => notFound(c),
      (shown) => c.json(describe(state, shown)),
    ),
  )
  app.patch('/applications/:clientId/token', (c) =>
    withToken(c, state, unprocessable, ({ app, pair }) => {
      grants.revokePair(pair)
      const seconds = pair.accessExpiresAt === null ? null : 28_800
      const fresh = grants.issue(pair.grant, { accessSeconds: seconds }, pair.scopes)
      return c.json(describe(state, { app, pair: fresh }))
    }),
  )
  app.delete('/applications/:clientId/token', (c) =>
    withToken(c, state, unprocessable, ({ pair }) => {
      grants.revokePair(pair)
      return c.body(null, 204)
    }),
  )
  app.delete('/applications/:clientId/grant', (c) =>
    withToken(c, state, unprocessable, ({ pair: { grant } }) => {
      // "Deleting an application's grant will also delete all OAuth tokens associated with the application for the user."
      grants.revokeGrants({ clientId: grant.clientId, username: grant.username })
      return c.body(null, 204)
    }),
  )
}

/** The page lists 204 and 422 for both deletions: an unknown token is not found to be valid. */
function unprocessable(c: Context<Env>): Response {
  return restError(c, 422, 'Validation Failed', 'rest/apps/oauth-applications')
}

async function withToken(
  c: Context<Env>,
  state: State,
  unknown: (c: Context<Env>) => Response,
  work: (shown: Shown) => Response,
): Promise<Response> {
  const client = shownClient(c.req.header('authorization'), {})
  const app = state.apps.get(c.req.param('clientId') ?? '')
  // "You must use Basic Authentication", of this application: for another caller there is nothing here.
  const isOwner =
    app !== undefined && client?.clientId === app.clientId && hasSecret(app, client.clientSecret)
  if (!isOwner) return restError(c, 404, 'Not Found', 'rest/apps/oauth-applications')
  const { access_token } = await readForm(c)
  const pair = state.grants.active(access_token ?? '')
  if (pair?.grant.clientId !== app.clientId) return unknown(c)
  return work({ app, pair })
}

function describe(state: State, { app, pair }: Shown) {
  const user = state.user(pair.grant.username)
  return {
    id: pair.grant.id,
    token: pair.accessToken,
    app: { name: app.name, client_id: app.clientId },
    scopes: pair.scopes,
    expires_at: pair.accessExpiresAt === null ? null : new Date(pair.accessExpiresAt).toISOString(),
    created_at: new Date(pair.createdAt).toISOString(),
    user: { login: user?.login, id: user?.id, type: 'User' },
  }
}
