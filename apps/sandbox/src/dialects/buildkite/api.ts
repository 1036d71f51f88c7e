// https://buildkite.com/docs/apis/rest-api
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Env } from '../../instance.ts'
import { limitCalls } from './limits.ts'
import type { AccessToken, State } from './state.ts'

/** What is served at `api.buildkite.com`. */
export function api(state: State): Hono<Env> {
  const app = state.wire.app('api', (c) => refuse(c, 404, 'Not Found'))
  // https://buildkite.com/docs/apis/rest-api/access-token: "Required scope: none"
  app.get('/v2/access-token', (c) =>
    withToken(c, state, undefined, (token) => c.json(describe(state, token))),
  )
  app.delete('/v2/access-token', (c) =>
    withToken(c, state, undefined, () => {
      revoke(state, shownToken(c))
      return c.body(null, 204)
    }),
  )
  // https://buildkite.com/docs/apis/rest-api/user
  app.get('/v2/user', (c) =>
    withToken(c, state, 'read_user', ({ email }) => c.json(state.user(email))),
  )
  // https://buildkite.com/docs/apis/rest-api/organizations
  app.get('/v2/organizations', (c) =>
    withToken(c, state, 'read_organizations', ({ organizations }) =>
      c.json(organizations.map((slug) => ({ slug, name: slug }))),
    ),
  )
  return app
}

function withToken(
  c: Context<Env>,
  state: State,
  scope: string | undefined,
  work: (token: AccessToken) => Response,
): Response {
  const token = state.active(shownToken(c))
  if (token === undefined) {
    // https://github.com/buildkite/cli/pull/566 has both answers
    const page = 'https://buildkite.com/docs/apis/rest-api#authentication'
    const text = `Authentication required. Please supply a valid API Access Token: ${page}`
    return refuse(c, 401, text)
  }
  const limited = limitCalls(c, state, token)
  if (limited !== undefined) return limited
  if (scope !== undefined && !token.scopes.includes(scope)) {
    return refuse(c, 403, `Your access token doesn't have the ${scope} scope`)
  }
  return work(token)
}

function shownToken(c: Context): string {
  const [scheme = '', token = ''] = (c.req.header('authorization') ?? '').split(' ')
  return scheme.toLowerCase() === 'bearer' ? token : ''
}

/** "The token can no longer be used": the grant that it is of lives on. */
function revoke(state: State, value: string): void {
  const made = state.tokens.get(value)
  if (made !== undefined) made.revoked = true
  const pair = state.grants.active(value)
  if (pair !== undefined) pair.accessRevoked = true
}

function describe(state: State, token: AccessToken) {
  const user = state.user(token.email)
  return {
    uuid: token.uuid,
    scopes: token.scopes,
    description: token.description,
    created_at: timeOf(token.createdAt),
    expires_at: token.expiresAt === null ? null : timeOf(token.expiresAt),
    user: { email: user?.email, name: user?.name },
  }
}

/** `2025-07-16 06:07:42 UTC`. */
function timeOf(time: number): string {
  const text = new Date(time).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`
}

function refuse(c: Context, status: ContentfulStatusCode, message: string): Response {
  return c.json({ message }, status)
}
