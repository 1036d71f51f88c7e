/** A provider that is made up, and does nearly everything otherwise than GitLab: its server, and its definition. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { ProviderDefinition } from '@keywell/protocol'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { listen } from './stage.ts'

export const clientId = 'acme-app'
export const clientSecret = 'a-secret-with~odd%characters+and:colons'

interface Grant {
  account: string
  scopes: string
  accessToken: string
  refreshToken: string
  /** The refresh token of before, which works until its successor is used. */
  previous: string | null
  ended: boolean
}

export interface OtherProvider {
  definition: ProviderDefinition
  /** Where people consent and tokens come from, and where the API is. */
  signIn: string
  api: string
  grants: readonly Grant[]
  /** What the token endpoint was sent, by its grant type. */
  asked: { grantType: string; authorization: string | undefined; form: URLSearchParams }[]
  /** The user withdraws the grant there. */
  withdraw(account: string): void
  /** The account that consents from now on. */
  signedInAs: string
  /** With `signed`: the shop that the user chose there. */
  shop: string
  /** With `told`: where it says that accounts live. Default: at its API */
  home: string | undefined
  /** Whether its answers say that no scope was granted. */
  grantsNothing: boolean
  /** Whether withdrawals are answered with 503. */
  isAway: boolean
  /** Where every request of the service is redirected to, with its body (307). Default: none is. */
  redirectsTo: string | undefined
  /** Those that were. */
  redirected: readonly string[]
  /** Accounts whose grants a withdrawal has ended, in order. */
  forgotten: readonly string[]
  stop(): Promise<void>
}

type Kills = 'pair' | 'user_and_app' | 'installation'

interface Options {
  /** How far a withdrawal goes. Default: `pair` */
  kills?: Kills
  /** Callbacks name a shop, and are signed. Default: false */
  signed?: boolean
  /** Where an account lives is told with its tokens. Default: false */
  told?: boolean
  /** A consent ends the earlier grants of its account. Default: false */
  replaces?: boolean
}

export async function startOtherProvider({
  kills = 'pair',
  signed = false,
  told = false,
  replaces = false,
}: Options = {}): Promise<OtherProvider> {
  const state = {
    signedInAs: 'member_7',
    shop: 'north.acme.example',
    home: undefined as string | undefined,
    isAway: false,
    grantsNothing: false,
    redirectsTo: undefined as string | undefined,
    redirected: [] as string[],
    forgotten: [] as string[],
  }
  const grants: Grant[] = []
  const codes = new Map<string, Grant>()
  const asked: OtherProvider['asked'] = []
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const makeToken = (kind: string) => `acme-${kind}-${randomBytes(24).toString('hex')}`

  function renew(grant: Grant): Record<string, unknown> {
    grant.previous = grant.refreshToken
    grant.accessToken = makeToken('at')
    grant.refreshToken = makeToken('rt')
    return tokensOf(grant)
  }

  const withHome = (answer: Record<string, unknown>) =>
    told ? { ...answer, home: state.home ?? second?.url } : answer

  const redirecting: MiddlewareHandler = async (context, next) => {
    if (state.redirectsTo === undefined) return next()
    state.redirected.push(`${context.req.method} ${context.req.path}`)
    return context.redirect(`${state.redirectsTo}${context.req.path}`, 307)
  }

  const signIn = new Hono()
  signIn.get('/consent', (context) => {
    const query = new URL(context.req.url).searchParams
    const problem = consentProblem(query)
    if (problem !== undefined) return context.text(problem, 400)
    const code = makeToken('code')
    const grant = {
      account: state.signedInAs,
      scopes: query.get('permissions') ?? '',
      accessToken: makeToken('at'),
      refreshToken: makeToken('rt'),
      previous: null,
      ended: false,
    }
    codes.set(code, grant)
    const back = new URL(query.get('redirect_uri') ?? '')
    back.searchParams.set('code', code)
    back.searchParams.set('state', query.get('state') ?? '')
    if (signed) sign(back, state.shop)
    return context.redirect(back.href)
  })
  // People are sent here, and the service is not.
  signIn.use(redirecting)
  // All of its refusals have status 200.
  signIn.post('/tokens', async (context) => {
    const form = new URLSearchParams(await context.req.text())
    const authorization = context.req.header('authorization')
    asked.push({ grantType: form.get('grant_type') ?? '', authorization, form })
    if (authorization !== `Basic ${pair}`) return context.json({ problem: 'who_are_you' })
    if (context.req.header('x-acme-version') !== '3') return context.json({ problem: 'version' })
    if (form.get('grant_type') === 'authorization_code') {
      const grant = codes.get(form.get('code') ?? '')
      if (grant === undefined) return context.json({ problem: 'token_spent' })
      codes.delete(form.get('code') ?? '')
      for (const one of replaces ? grants : []) if (one.account === grant.account) one.ended = true
      grants.push(grant)
      const answer = withHome(tokensOf(grant))
      return context.json(state.grantsNothing ? { ...answer, permissions: '' } : answer)
    }
    const sent = form.get('refresh_token')
    const grant = grants.find((one) => one.refreshToken === sent || one.previous === sent)
    if (grant === undefined || grant.ended) return context.json({ problem: 'token_spent' })
    if (form.get('permissions') !== grant.scopes) return context.json({ problem: 'permissions' })
    return context.json(renew(grant))
  })
  signIn.delete('/apps/:app/sessions', async (context) => {
    if (context.req.header('authorization') !== `Basic ${pair}`) return context.body(null, 401)
    if (context.req.param('app') !== clientId) return context.body(null, 403)
    if (state.isAway) return context.body(null, 503)
    const { session } = await context.req.json<{ session: string }>()
    const grant = grants.find(({ accessToken }) => accessToken === session)
    if (grant === undefined) return context.body(null, 404)
    state.forgotten.push(grant.account)
    for (const one of grants) {
      if (one === grant || (kills !== 'pair' && one.account === grant.account)) one.ended = true
    }
    return context.body(null, 204)
  })

  const api = new Hono()
  api.use(redirecting)
  const grantOf = (context: Context) =>
    grants.find((one) => `Token ${one.accessToken}` === context.req.header('x-acme-auth'))
  api.get('/v3/whoami', (context) => {
    const grant = grantOf(context)
    // Also a dead token is answered with 403, as is a good one that may not see this.
    if (grant === undefined || grant.ended) return context.json({ fault: { code: 17 } }, 403)
    return context.json({
      member: { key: grant.account, label: 'Ada of Acme', login: 'ada' },
      granted: grant.scopes,
    })
  })

  const servers = [await listen(() => signIn), await listen(() => api)]
  const [first, second] = servers
  if (first === undefined || second === undefined) throw new Error('nothing listens')
  return Object.assign(state, {
    definition: define(first.url, second.url, { kills, signed, told, replaces }),
    signIn: first.url,
    api: second.url,
    grants,
    asked,
    withdraw(account: string) {
      for (const grant of grants) if (grant.account === account) grant.ended = true
    },
    async stop() {
      for (const { server } of servers) await closed(server)
    },
  })
}

function tokensOf({ accessToken, refreshToken, scopes }: Grant): Record<string, unknown> {
  return {
    result: { session: { token: accessToken, renew_with: refreshToken }, ttl: '3600' },
    permissions: scopes,
  }
}

/** As Shopify does: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant */
function sign(back: URL, shop: string): void {
  back.searchParams.set('shop', shop)
  back.searchParams.set('timestamp', String(Math.floor(Date.now() / 1000)))
  const pairs = [...back.searchParams].map(([name, value]) => `${name}=${value}`).sort()
  const mac = createHmac('sha256', clientSecret).update(pairs.join('&')).digest('hex')
  back.searchParams.set('hmac', mac)
}

function consentProblem(query: URLSearchParams): string | undefined {
  if (query.get('client_id') !== clientId) return 'unknown app'
  if (query.get('audience') !== 'acme') return 'no audience'
  if (query.has('scope') || !query.has('permissions')) return 'no permissions'
  return query.has('code_challenge') ? 'unknown parameter' : undefined
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

export function define(
  signIn: string,
  api: string,
  { kills = 'pair', signed = false, told = false, replaces = false }: Options = {},
): ProviderDefinition {
  const whoami = {
    method: 'GET',
    url: `${told ? '{home}' : api}/v3/whoami`,
    headers: { 'X-Acme-Version': '3' },
  } as const
  return {
    schema: 2,
    name: 'acme-notes',
    title: 'Acme Notes',
    category: 'code',
    state: 'stable',
    documentationUrl: 'https://docs.example/acme-notes',
    mark: { color: '#7a3cff', path: 'M4 2h16v20H4z' },
    variables: {
      ...(signed && {
        shop: { kind: 'label', title: 'Shop', pattern: '[a-z]+', letters: 'lower' },
      }),
      ...(told && { home: { kind: 'origin', title: 'Home', allow: [api] } }),
    },
    api: { base: told ? '{home}' : api },
    auth: [
      {
        id: 'consent',
        kind: 'oauth2',
        title: 'Acme app',
        authorize: {
          url: `${signIn}/consent`,
          pkce: 'none',
          parameters: { audience: 'acme' },
          scopes: { parameter: 'permissions', separator: ',' },
          codeLifetimeSeconds: null,
          issuer: { value: signIn, inCallback: 'optional' },
          ...(signed && {
            callback: {
              signature: { parameter: 'hmac', algorithm: 'sha256', encoding: 'hex' },
              mustEqual: { shop: '{shop}.acme.example' },
            },
          }),
        },
        defaultScopes: ['notes:read'],
        token: {
          url: `${signIn}/tokens`,
          client: 'client_secret_basic',
          headers: { 'X-Acme-Version': '3' },
          sendScopeOnRefresh: true,
          answer: {
            accessToken: ['/result/session/token'],
            refreshToken: ['/result/session/renew_with'],
            expiresIn: ['/result/ttl'],
            scope: ['/permissions'],
            ...(told && { origin: ['/home'] }),
          },
          errors: [
            { if: [{ at: '/problem', equals: 'token_spent' }], is: 'rejected' },
            { if: [{ at: '/problem', equals: 'who_are_you' }], is: 'client_rejected' },
            { if: [{ at: '/problem', oneOf: ['version', 'permissions'] }], is: 'request_rejected' },
          ],
        },
        renewal: {
          by: 'refresh_token',
          rotation: 'grace',
          graceSeconds: 600,
          revokesOldAccessToken: false,
          defaultExpiresIn: 3600,
          refreshTokenLifetime: { idle: null, absolute: null },
          maxRequestSeconds: 120,
        },
        ...(replaces && { consentReplaces: 'user_and_app' as const }),
        send: [{ in: 'header', name: 'X-Acme-Auth', value: 'Token {token}' }],
        identity: {
          request: whoami,
          account: {
            id: { at: ['/member/key'], type: 'text' },
            name: ['/member/label'],
            username: ['/member/login'],
            avatarUrl: [],
          },
          scopes: [],
        },
        health: {
          request: whoami,
          active: [{ status: [200], at: '/member/key', exists: true }],
          inactive: [{ status: [403], at: '/fault/code', equals: 17 }],
          details: { scopes: ['/granted'], scopeSeparator: ',' },
        },
        revocation: {
          style: 'request',
          request: { method: 'DELETE', url: `${signIn}/apps/{client_id}/sessions`, headers: {} },
          authenticate: 'client_basic',
          body: { json: { session: '{token}' } },
          send: 'access_token',
          done: [{ status: [204, 404] }],
          kills,
        },
        manualUrl: `${signIn}/apps`,
      },
    ],
    scopes: [
      {
        name: 'notes:read',
        sentence: 'Read your notes.',
        risk: 'low',
        group: 'notes',
        implies: [],
        readOnly: true,
      },
      {
        name: 'notes:write',
        sentence: 'Write and delete your notes.',
        risk: 'high',
        group: 'notes',
        implies: ['notes:read'],
      },
    ],
    scopeGroups: [{ name: 'notes', title: 'Notes' }],
    scopePresets: [],
    registration: {
      each: told ? 'provider' : 'host',
      url: `${signIn}/apps`,
      steps: ['Register an app.'],
    },
  }
}
