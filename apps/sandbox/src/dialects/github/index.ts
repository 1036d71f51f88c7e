/**
 * A stand-in GitHub: `github.com` and `api.github.com`, each at an origin of its own.
 *
 *     const github = await createGitHub()
 *     const app = github.registerOAuthApp({ name: 'Northwind', redirectUris: [callback] })
 *     const back = await visit(`${github.urls.web}/login/oauth/authorize?client_id=${app.clientId}`)
 *     github.revokeAuthorization(app, 'ada')
 *     await github.stop()
 */
import type { Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { addAccounts } from '../core/accounts.ts'
import { addAuthorizations } from '../core/authorizations.ts'
import { type Control, control } from '../core/control.ts'
import { homePage } from '../core/home.ts'
import { problemPage } from '../core/pages.ts'
import type { Site } from '../core/site.ts'
import { type Decision, visit } from '../core/visit.ts'
import type { FaultInput } from '../core/wire.ts'
import { api } from './api.ts'
import { authorizePage, decide } from './authorize.ts'
import { decideDevice, deviceCodeEndpoint, devicePage } from './device.ts'
import { decideInstall, install, installPage } from './install.ts'
import { primaryRateLimit, secondaryRateLimit } from './rate-limits.ts'
import {
  type AppInput,
  type GitHubApp,
  type GitHubAppInput,
  type GitHubOrganization,
  type GitHubRepository,
  type GitHubUser,
  type Installation,
  type OAuthApp,
  registerGitHubApp,
  registerOAuthApp,
  State,
} from './state.ts'
import { tokenEndpoint } from './token.ts'
import {
  addTokenPage,
  createPersonalAccessToken,
  type PersonalAccessTokenInput,
} from './token-page.ts'

export interface GitHub extends Control {
  urls: { web: string; api: string }
  /** Ada and Grace. */
  users: readonly GitHubUser[]
  /** Of which both are members. */
  organizations: readonly GitHubOrganization[]
  repositories: readonly GitHubRepository[]
  apps(): readonly (OAuthApp | GitHubApp)[]
  /** Who is signed in, in the one browser there is. Default: ada. */
  signIn(login: string): void
  registerOAuthApp(input: AppInput & Partial<Pick<OAuthApp, 'clientId'>>): OAuthApp
  registerGitHubApp(input: GitHubAppInput): GitHubApp
  /** Scopes of null make it fine-grained. Default: it does not end. */
  createPersonalAccessToken(input: PersonalAccessTokenInput): string
  revokePersonalAccessToken(token: string): void
  /** The user takes back what the app was given; answers how many authorisations there were. */
  revokeAuthorization(app: OAuthApp | GitHubApp, login: string): number
  install(app: GitHubApp, account: string): Installation
  uninstall(installation: Installation): void
  suspend(installation: Installation): void
  unsuspend(installation: Installation): void
  /** A fault for `addFault`: too much at once, which says nothing about the token. Not each says for how long. */
  secondaryRateLimit(how?: { saysPause: boolean }): FaultInput
  /** A fault for `addFault`: the calls of this hour are used up. */
  primaryRateLimit(): FaultInput
  /** Types a device's code into the page, as the one who is signed in. */
  answerDevice(userCode: string, decision?: Decision): Promise<void>
}

/** Starts a stand-in GitHub. */
export async function createGitHub(
  options: { clock?: () => number; site?: Site } = {},
): Promise<GitHub> {
  const state = new State(options.clock)
  web(state)
  api(state)
  // Where a server of one's own has them: https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
  const paths = { web: '', api: '/api/v3' }
  if (options.site) await state.wire.openSite(options.site, paths, state.parts)
  else await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
/** What is served at `github.com`. */
function web(state: State): Hono<Env> {
  const app = state.wire.app('web', (c) =>
    problemPage(
      c,
      { provider: 'GitHub', title: '404', text: 'This is not the page you are looking for.' },
      404,
    ),
  )
  addPages(app, state)
  return app
    .get('/login/oauth/authorize', (c) => authorizePage(c, state))
    .post('/login/oauth/authorize', (c) => decide(c, state))
    .post('/login/oauth/access_token', (c) => tokenEndpoint(c, state))
    .post('/login/device/code', (c) => deviceCodeEndpoint(c, state))
    .get('/login/device', devicePage)
    .post('/login/device', (c) => decideDevice(c, state))
    .get('/apps/:slug/installations/new', (c) => installPage(c, state))
    .post('/apps/:slug/installations/new', (c) => decideInstall(c, state))
}

const provider = 'GitHub'
const tokensPath = '/settings/tokens/new'
const appsPath = '/settings/applications'

function addPages(app: Hono<Env>, state: State): void {
  const { wire, users } = state
  addAccounts(app, wire, {
    provider,
    accounts: users.map(({ login: username, name }) => ({ username, name })),
    paths: ['/login/oauth/authorize', '/login/device', '/apps/*', tokensPath, appsPath],
  })
  app.get('/', (c) =>
    homePage(c, {
      provider,
      usernames: users.map(({ login }) => login),
      links: [
        { path: tokensPath, text: 'Make a personal access token' },
        { path: appsPath, text: 'See which applications have access, and revoke it' },
      ],
      addresses: {
        Authorize: `${wire.url('web')}/login/oauth/authorize`,
        Token: `${wire.url('web')}/login/oauth/access_token`,
        API: wire.url('api'),
      },
    }),
  )
  addTokenPage(app, state, tokensPath)
  addAuthorizations(app, { provider, path: appsPath, state, apps: state.apps })
}

function surface(state: State): Omit<GitHub, keyof Control> {
  const { wire, clock, users, organizations, repositories } = state
  return {
    urls: { web: wire.url('web'), api: wire.url('api') },
    users,
    organizations,
    repositories,
    apps: () => [...state.apps.values()],
    signIn: (login) => {
      if (state.user(login) === undefined) throw new TypeError(`there is no user ${login}`)
      state.signedIn = login
    },
    registerOAuthApp: (input) => registerOAuthApp(state, input),
    registerGitHubApp: (input) => registerGitHubApp(state, input),
    createPersonalAccessToken: (input) => createPersonalAccessToken(state, input),
    revokePersonalAccessToken: (token) => {
      const found = state.personalAccessTokens.get(token)
      if (found !== undefined) found.revoked = true
    },
    revokeAuthorization: ({ clientId }, username) =>
      state.grants.revokeGrants({ clientId, username }),
    install: (app, account) => install(state, app, account),
    uninstall: ({ id }) => {
      state.installations.delete(id)
    },
    suspend: (installation) => {
      installation.suspendedAt = clock.now()
    },
    unsuspend: (installation) => {
      installation.suspendedAt = null
    },
    secondaryRateLimit,
    primaryRateLimit: () => primaryRateLimit(clock.now()),
    answerDevice: async (userCode, decision) => {
      await visit(`${wire.url('web')}/login/device`, decision, { user_code: userCode })
    },
  }
}
