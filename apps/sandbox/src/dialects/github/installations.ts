// https://docs.github.com/en/rest/apps/apps, https://docs.github.com/en/rest/apps/installations
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import type { Env } from '../../instance.ts'
import { randomText } from '../core/random.ts'
import { signedBy } from './app-jwt.ts'
import { asAnyone, asUser } from './as-caller.ts'
import { shownToken } from './caller.ts'
import { notFound, restError } from './rest-error.ts'
import type { GitHubApp, Installation, State } from './state.ts'

/** "The installation access token will expire after 1 hour." */
const tokenSeconds = 3_600

export function installationRoutes(app: Hono<Env>, state: State): void {
  app.get('/app', (c) => asApp(c, state, (gitHubApp) => c.json(describeApp(gitHubApp))))
  app.get('/app/installations', (c) =>
    asApp(c, state, ({ appId }) => c.json(installationsOf(state, appId).map(describe(state)))),
  )
  app.get('/app/installations/:id', (c) =>
    withInstallation(c, state, (installation) => c.json(describe(state)(installation))),
  )
  app.delete('/app/installations/:id', (c) =>
    withInstallation(c, state, ({ id }) => {
      state.installations.delete(id)
      return c.body(null, 204)
    }),
  )
  app.on(['PUT', 'DELETE'], '/app/installations/:id/suspended', (c) =>
    withInstallation(c, state, (installation) => {
      installation.suspendedAt = c.req.method === 'PUT' ? state.clock.now() : null
      return c.body(null, 204)
    }),
  )
  app.post('/app/installations/:id/access_tokens', (c) =>
    withInstallation(c, state, (installation) => mint(c, state, installation)),
  )
  app.delete('/installation/token', (c) => revokeOwn(c, state))
  app.get('/installation/repositories', (c) => repositories(c, state))
  app.get('/user/installations', (c) => installationsOfUser(c, state))
}

async function asApp(
  c: Context<Env>,
  state: State,
  work: (app: GitHubApp) => Response | Promise<Response>,
): Promise<Response> {
  const app = await signedBy(c, state)
  return app instanceof Response ? app : await work(app)
}

/** An installation of the app that signed the request; those of other apps are not there. */
function withInstallation(
  c: Context<Env>,
  state: State,
  work: (installation: Installation) => Response | Promise<Response>,
): Promise<Response> {
  return asApp(c, state, ({ appId }) => {
    const installation = state.installations.get(Number(c.req.param('id')))
    return installation?.appId === appId ? work(installation) : notFound(c)
  })
}

const mintSchema = z.object({ permissions: z.record(z.string(), z.string()).optional() })

// https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
async function mint(c: Context<Env>, state: State, installation: Installation): Promise<Response> {
  const page = 'rest/reference/apps#create-an-installation-access-token-for-an-app'
  // https://github.com/octokit/octokit.rb/pull/1307
  if (installation.suspendedAt !== null) {
    return restError(c, 403, 'This installation has been suspended', page)
  }
  const body: unknown = await c.req.json().catch(() => ({}))
  const permissions = mintSchema.safeParse(body).data?.permissions ?? installation.permissions
  const isGranted = Object.entries(permissions).every(([name, level]) => {
    const granted = installation.permissions[name]
    return granted === level || (granted === 'write' && level === 'read')
  })
  if (!isGranted) {
    return restError(
      c,
      422,
      'The permissions requested are not granted to this installation.',
      page,
    )
  }
  const token = `ghs_${randomText(36)}`
  const expiresAt = state.clock.now() + tokenSeconds * 1_000
  const minted = { installationId: installation.id, permissions, expiresAt, revoked: false }
  state.installationTokens.set(token, minted)
  const expires_at = `${new Date(expiresAt).toISOString().slice(0, 19)}Z`
  return c.json({ token, expires_at, permissions, repository_selection: 'all' }, 201)
}

// https://docs.github.com/en/rest/apps/installations#revoke-an-installation-access-token
function revokeOwn(c: Context<Env>, state: State): Response {
  return asAnyone(c, state, () => {
    const token = state.installationTokens.get(shownToken(c) ?? '')
    if (token === undefined)
      return restError(c, 403, 'Resource not accessible by personal access token')
    token.revoked = true
    return c.body(null, 204)
  })
}

// https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation
function repositories(c: Context<Env>, state: State): Response {
  return asAnyone(c, state, (caller) => {
    if (caller.kind !== 'installation') {
      return restError(
        c,
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      )
    }
    const { account } = caller.installation
    const found = state.repositories
      .filter(({ owner }) => owner === account)
      .map(({ id, owner, name }) => ({ id, name, full_name: `${owner}/${name}` }))
    return c.json({ total_count: found.length, repository_selection: 'all', repositories: found })
  })
}

/** What proves that an installation id of a callback is one that its user may see. */
function installationsOfUser(c: Context<Env>, state: State): Response {
  return asUser(c, state, (caller) => {
    if (caller.kind !== 'oauth' || caller.app.kind !== 'github_app') {
      return restError(
        c,
        403,
        'You must authenticate with an access token authorized to a GitHub App in order to list installations',
      )
    }
    const accounts = state.accountsOf(caller.user.login)
    const found = installationsOf(state, caller.app.appId)
      .filter(({ account }) => accounts.includes(account))
      .map(describe(state))
    return c.json({ total_count: found.length, installations: found })
  })
}

function installationsOf(state: State, appId: number): Installation[] {
  return [...state.installations.values()].filter((each) => each.appId === appId)
}

function describe(state: State): (installation: Installation) => Record<string, unknown> {
  return ({ id, appId, account, permissions, suspendedAt }) => {
    const owner = state.user(account) ?? state.organization(account)
    const type = state.user(account) === undefined ? 'Organization' : 'User'
    return {
      id,
      account: { login: account, id: owner?.id, type },
      app_id: appId,
      target_type: type,
      repository_selection: 'all',
      permissions,
      suspended_at: suspendedAt === null ? null : new Date(suspendedAt).toISOString(),
      suspended_by: suspendedAt === null ? null : { login: account },
    }
  }
}

// https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
function describeApp({ appId, slug, clientId, name, permissions }: GitHubApp) {
  return { id: appId, slug, client_id: clientId, name, permissions }
}
