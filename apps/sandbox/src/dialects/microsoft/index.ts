/**
 * A stand-in Microsoft: Entra at `login.microsoftonline.com`, Azure DevOps at
 * `app.vssps.visualstudio.com` and `dev.azure.com`, and Graph, each at an origin of its own.
 *
 *     const microsoft = await createMicrosoft()
 *     const app = microsoft.registerApp({ name: 'Northwind', redirectUris: [callback] })
 *     microsoft.setPolicy('ada@northwind.example', 'use_multi_factor')
 *     await microsoft.stop()
 */
import type { Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { addAccounts } from '../core/accounts.ts'
import { addAuthorizations } from '../core/authorizations.ts'
import { type Control, control } from '../core/control.ts'
import { homePage } from '../core/home.ts'
import { problemPage } from '../core/pages.ts'
import { randomText } from '../core/random.ts'
import type { Site } from '../core/site.ts'
import type { FaultInput } from '../core/wire.ts'
import { authorizePage, decide } from './authorize.ts'
import { azureDevOps } from './azure-devops.ts'
import { graph } from './graph.ts'
import { discovery, keys } from './id-token.ts'
import { type MicrosoftUser, type Policy, type Registration, register, State } from './state.ts'
import { tokenEndpoint } from './token.ts'

export interface Microsoft extends Control {
  urls: { login: string; graph: string; vssps: string; dev: string }
  /** Ada and Grace, each of a tenant of their own. */
  users: readonly MicrosoftUser[]
  registrations(): readonly Registration[]
  /** Who is signed in, in the one browser there is. Default: ada@northwind.example. */
  signIn(email: string): void
  registerApp(
    input: Pick<Registration, 'name' | 'redirectUris'> & Partial<Registration>,
  ): Registration
  /** Of Azure DevOps. Default: it lives for 30 days. */
  createPersonalAccessToken(input: { email: string; lifetimeSeconds?: number }): string
  revokePersonalAccessToken(token: string): void
  /** What an administrator demands from now on; a new sign-in satisfies it. */
  setPolicy(email: string, policy: Policy): void
  /** The consent is taken back: a refresh needs a new one. */
  withdrawConsent(app: Registration, email: string): void
  /** All refresh tokens of a user for an app are revoked; answers how many grants there were. */
  revokeSessions(app: Registration, email: string): number
  /** How Azure DevOps answers a credential that it does not take. Default: 203. */
  refuseWith(status: 203 | 302): void
  /** A fault for `addFault`: too much for Azure DevOps. */
  rateLimit(): FaultInput
}

export async function createMicrosoft(
  options: { clock?: () => number; site?: Site } = {},
): Promise<Microsoft> {
  const state = new State(options.clock)
  login(state)
  azureDevOps(state)
  graph(state)
  const paths = { login: '', graph: '/graph', vssps: '/vssps', dev: '/dev' }
  if (options.site) await state.wire.openSite(options.site, paths, state.parts)
  else await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols#endpoints
function login(state: State): void {
  const text = 'The page could not be found.'
  const app = state.wire.app('login', (c) => problemPage(c, { provider, title: '404', text }, 404))
  addPages(app, state)
  app
    .get('/:tenant/v2.0/.well-known/openid-configuration', (c) => discovery(c, state))
    .get('/:tenant/discovery/v2.0/keys', (c) => keys(c, state))
    .get('/:tenant/oauth2/v2.0/authorize', (c) => authorizePage(c, state))
    .post('/:tenant/oauth2/v2.0/authorize', (c) => decide(c, state))
    .post('/:tenant/oauth2/v2.0/token', (c) => tokenEndpoint(c, state))
}

const provider = 'Microsoft'

/** What is served at `myapps.microsoft.com`. */
const appsPath = '/myapps'

function addPages(app: Hono<Env>, state: State): void {
  const { wire, users } = state
  addAccounts(app, wire, {
    provider,
    accounts: users.map(({ email: username, name }) => ({ username, name })),
    paths: ['/:tenant/oauth2/v2.0/authorize', appsPath],
  })
  app.get('/', (c) =>
    homePage(c, {
      provider: 'Microsoft Entra and Azure DevOps',
      usernames: users.map(({ email }) => email),
      links: [{ path: appsPath, text: 'See which applications have access, and revoke it' }],
      addresses: {
        Authorize: `${wire.url('login')}/organizations/oauth2/v2.0/authorize`,
        Token: `${wire.url('login')}/organizations/oauth2/v2.0/token`,
        'Azure DevOps': wire.url('dev'),
        Profiles: wire.url('vssps'),
        Graph: wire.url('graph'),
      },
    }),
  )
  addAuthorizations(app, { provider, path: appsPath, state, apps: state.registrations })
}

function surface(state: State): Omit<Microsoft, keyof Control> {
  const { wire, users, personalAccessTokens, policies, withdrawn } = state
  const urls = {
    login: wire.url('login'),
    graph: wire.url('graph'),
    vssps: wire.url('vssps'),
    dev: wire.url('dev'),
  }
  return {
    urls,
    users,
    registrations: () => [...state.registrations.values()],
    signIn: (email) => {
      if (state.user(email) === undefined) throw new TypeError(`there is no user ${email}`)
      state.signedIn = email
    },
    registerApp: (input) => register(state, input),
    createPersonalAccessToken: ({ email, lifetimeSeconds = 30 * 86_400 }) => {
      const token = randomText(84)
      const expiresAt = state.clock.now() + lifetimeSeconds * 1_000
      personalAccessTokens.set(token, { email, expiresAt, revoked: false })
      return token
    },
    revokePersonalAccessToken: (token) => {
      const found = personalAccessTokens.get(token)
      if (found !== undefined) found.revoked = true
    },
    setPolicy: (email, policy) => {
      policies.set(email, policy)
    },
    withdrawConsent: ({ clientId }, email) => {
      withdrawn.add(`${clientId} ${email}`)
    },
    revokeSessions: ({ clientId }, username) => state.grants.revokeGrants({ clientId, username }),
    refuseWith: (status) => {
      state.refusesWith = status
    },
    rateLimit: () => ({ origin: 'dev', effect: rateLimit }),
  }
}

// https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits
const rateLimit = {
  kind: 'respond',
  status: 429,
  headers: { 'content-type': 'text/plain', 'retry-after': '30', 'x-ratelimit-remaining': '0' },
  body: 'Request was blocked due to exceeding usage of resource.',
} as const
