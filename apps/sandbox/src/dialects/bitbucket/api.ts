// https://developer.atlassian.com/cloud/bitbucket/rest/intro/
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Env } from '../../instance.ts'
import { readBasic } from '../../oauth/client.ts'
import type { BitbucketUser, State } from './state.ts'

interface Caller {
  user: BitbucketUser
  scopes: readonly string[]
  /** Scopes of an OAuth consumer, or those of an API token, which are others. */
  kind: 'oauth' | 'api_token'
}

/** What is served at `api.bitbucket.org`. */
export function api(state: State): Hono<Env> {
  const app = state.wire.app('api', (c) => refuse(c, 404, 'Resource not found'))
  app.get('/2.0/user', (c) => {
    const caller = callerOf(c, state, { oauth: 'account', api_token: 'read:user:bitbucket' })
    return caller instanceof Response ? caller : c.json(describe(caller.user))
  })
  // https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
  app.get('/2.0/user/workspaces', (c) => {
    const caller = callerOf(c, state, { oauth: 'account', api_token: 'read:workspace:bitbucket' })
    if (caller instanceof Response) return caller
    const slugs = [...new Set(state.repositories.map(({ workspace }) => workspace))]
    const values = slugs.map((slug) => ({ administrator: false, workspace: { slug } }))
    return c.json({ size: values.length, page: 1, pagelen: 10, values })
  })
  app.get('/2.0/repositories/:workspace', (c) => repositories(c, state))
  return app
}

/** The scope that a call needs, by the kind of the credential. */
type Needed = Readonly<Record<Caller['kind'], string>>

function callerOf(c: Context<Env>, state: State, needed: Needed): Caller | Response {
  const caller = findCaller(c, state)
  if (caller instanceof Response) return caller
  const scope = needed[caller.kind]
  // `repository:write` is more than `repository`.
  const granted = caller.scopes.some((each) => each === scope || each === `${scope}:write`)
  if (granted) return caller
  // https://github.com/backstage/backstage/issues/22383 has this answer
  return refuse(c, 403, 'Your credentials lack one or more required privilege scopes.', {
    detail: { required: [scope], granted: caller.scopes },
  })
}

function findCaller(c: Context<Env>, state: State): Caller | Response {
  const authorization = c.req.header('authorization') ?? ''
  const query = c.req.query('access_token')
  // Not in the query since 2026: .../oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003
  if (query !== undefined) state.wire.unexpected(c, 'a token in the query')
  const basic = readBasic(authorization)
  if (basic !== undefined) return apiTokenCaller(c, state, basic)
  const [scheme = '', token = ''] = authorization.split(' ')
  if (scheme.toLowerCase() !== 'bearer') return unauthorized(c)
  const pair = state.grants.active(token)
  const user = state.user(pair?.grant.username ?? '')
  if (pair !== undefined && user !== undefined) {
    return { user, scopes: pair.scopes, kind: 'oauth' }
  }
  // https://github.com/lemurheavy/coveralls-public/issues/1541, https://github.com/avivsinai/bitbucket-cli/issues/174
  const known = state.grants.find(token)
  const expired = known !== undefined && state.clock.isPast(known.accessExpiresAt)
  const invalid = 'Token is invalid, expired, or not supported for this endpoint.'
  return refuse(c, 401, expired ? 'Access token expired.' : invalid)
}

/**
 * The address of the account and the token, by HTTP Basic; a user name will not do.
 * https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/
 */
function apiTokenCaller(
  c: Context<Env>,
  state: State,
  { clientId, clientSecret = '' }: NonNullable<ReturnType<typeof readBasic>>,
): Caller | Response {
  const token = state.apiTokens.get(clientSecret)
  const user = state.users.find(({ email }) => email === clientId)
  const isAlive = token?.revoked === false && !state.clock.isPast(token.expiresAt)
  if (!isAlive || user === undefined || token.email !== user.email) return unauthorized(c)
  return { user, scopes: token.scopes, kind: 'api_token' }
}

/** An empty body: https://support.atlassian.com/bitbucket-cloud/kb/getting-401-http-error-while-authenticating-to-bitbucket-cloud-rest-apis */
function unauthorized(c: Context): Response {
  c.header('WWW-Authenticate', 'Basic realm="Bitbucket.org HTTP"')
  return c.body('', 401)
}

// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
function describe({ uuid, accountId, nickname, name }: BitbucketUser) {
  return {
    type: 'user',
    uuid,
    account_id: accountId,
    nickname,
    username: nickname,
    display_name: name,
  }
}

// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
function repositories(c: Context<Env>, state: State): Response {
  const needed = { oauth: 'repository', api_token: 'read:repository:bitbucket' }
  const caller = callerOf(c, state, needed)
  if (caller instanceof Response) return caller
  const all = state.repositories.filter(({ workspace }) => workspace === c.req.param('workspace'))
  const page = Number(c.req.query('page') ?? '1')
  const pagelen = Number(c.req.query('pagelen') ?? '10')
  const values = all.slice((page - 1) * pagelen, page * pagelen)
  const next = new URL(state.wire.url('api') + c.req.path)
  next.search = new URLSearchParams({ page: `${page + 1}`, pagelen: `${pagelen}` }).toString()
  return c.json({
    size: all.length,
    page,
    pagelen,
    values: values.map(({ workspace, slug }) => ({ slug, full_name: `${workspace}/${slug}` })),
    ...(page * pagelen < all.length ? { next: next.href } : {}),
  })
}

function refuse(
  c: Context,
  status: ContentfulStatusCode,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return c.json({ type: 'error', error: { message, ...more } }, status)
}
