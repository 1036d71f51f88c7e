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
import { type Control, control } from '../core/control.ts'
import { problemPage } from '../core/pages.ts'
import { randomText } from '../core/random.ts'
import { type Decision, visit } from '../core/visit.ts'
import type { FaultInput } from '../core/wire.ts'
import { api } from './api.ts'
import { authorizePage, decide } from './authorize.ts'
import { decideDevice, deviceCodeEndpoint, devicePage } from './device.ts'
import { decideInstall, install, installPage } from './install.ts'
import {
  type AppInput,
  type GitHubApp,
  type GitHubAppInput,
  type GitHubOrganization,
  type GitHubUser,
  type Installation,
  type OAuthApp,
  registerGitHubApp,
  registerOAuthApp,
  State,
} from './state.ts'
import { tokenEndpoint } from './token.ts'

export interface GitHub extends Control {
  urls: { web: string; api: string }
  /** Ada and Grace. */
  users: readonly GitHubUser[]
  /** Of which both are members. */
  organizations: readonly GitHubOrganization[]
  /** Who is signed in, in the one browser there is. Default: ada. */
  signIn(login: string): void
  registerOAuthApp(input: AppInput): OAuthApp
  registerGitHubApp(input: GitHubAppInput): GitHubApp
  /** Scopes of null make it fine-grained. Default: it does not end. */
  createPersonalAccessToken(input: {
    login: string
    scopes: readonly string[] | null
    lifetimeSeconds?: number
  }): string
  revokePersonalAccessToken(token: string): void
  /** The user takes back what the app was given; answers how many authorisations there were. */
  revokeAuthorization(app: OAuthApp | GitHubApp, login: string): number
  install(app: GitHubApp, account: string): Installation
  uninstall(installation: Installation): void
  suspend(installation: Installation): void
  unsuspend(installation: Installation): void
  /** A fault for `addFault`: too much at once, which says nothing about the token. */
  secondaryRateLimit(): FaultInput
  /** Types a device's code into the page, as the one who is signed in. */
  answerDevice(userCode: string, decision?: Decision): Promise<void>
}

// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
const secondaryRateLimit = {
  kind: 'respond',
  status: 403,
  headers: { 'content-type': 'application/json', 'retry-after': '60' },
  body: JSON.stringify({
    message:
      'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  }),
} as const

/** Starts a stand-in GitHub. */
export async function createGitHub(options: { clock?: () => number } = {}): Promise<GitHub> {
  const state = new State(options.clock)
  web(state)
  api(state)
  await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
/** What is served at `github.com`. */
function web(state: State): Hono<Env> {
  return state.wire
    .app('web', (c) =>
      problemPage(
        c,
        { provider: 'GitHub', title: '404', text: 'This is not the page you are looking for.' },
        404,
      ),
    )
    .get('/login/oauth/authorize', (c) => authorizePage(c, state))
    .post('/login/oauth/authorize', (c) => decide(c, state))
    .post('/login/oauth/access_token', (c) => tokenEndpoint(c, state))
    .post('/login/device/code', (c) => deviceCodeEndpoint(c, state))
    .get('/login/device', devicePage)
    .post('/login/device', (c) => decideDevice(c, state))
    .get('/apps/:slug/installations/new', (c) => installPage(c, state))
    .post('/apps/:slug/installations/new', (c) => decideInstall(c, state))
}

function surface(state: State): Omit<GitHub, keyof Control> {
  const { wire, clock, users, organizations } = state
  return {
    urls: { web: wire.url('web'), api: wire.url('api') },
    users,
    organizations,
    signIn: (login) => {
      if (state.user(login) === undefined) throw new TypeError(`there is no user ${login}`)
      state.signedIn = login
    },
    registerOAuthApp: (input) => registerOAuthApp(state, input),
    registerGitHubApp: (input) => registerGitHubApp(state, input),
    createPersonalAccessToken: ({ login, scopes, lifetimeSeconds = null }) => {
      const token = scopes === null ? `github_pat_${randomText(82)}` : `ghp_${randomText(36)}`
      const expiresAt = clock.after(lifetimeSeconds)
      state.personalAccessTokens.set(token, { login, scopes, expiresAt, revoked: false })
      return token
    },
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
    secondaryRateLimit: () => ({ origin: 'api', effect: secondaryRateLimit }),
    answerDevice: async (userCode, decision) => {
      await visit(`${wire.url('web')}/login/device`, decision, { user_code: userCode })
    },
  }
}
