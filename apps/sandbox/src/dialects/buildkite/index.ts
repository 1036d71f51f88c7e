/**
 * A stand-in Buildkite: `buildkite.com` and `api.buildkite.com`, each at an origin of its own.
 *
 *     const buildkite = await createBuildkite()
 *     const token = buildkite.createAccessToken({ email: 'ada@example.com', scopes: ['read_user'] })
 *     await buildkite.stop()
 */
import type { Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { addAccounts } from '../core/accounts.ts'
import { type Control, control } from '../core/control.ts'
import type { Rotation } from '../core/grants.ts'
import { homePage } from '../core/home.ts'
import { problemPage } from '../core/pages.ts'
import { hexadecimal, randomText } from '../core/random.ts'
import type { Site } from '../core/site.ts'
import { type Decision, visit } from '../core/visit.ts'
import { api } from './api.ts'
import { decideDevice, deviceAuthorization, devicePage, tokenEndpoint } from './oauth.ts'
import { type Application, type BuildkiteUser, State } from './state.ts'
import { addTokenPage } from './token-page.ts'

export interface BuildkiteOptions {
  clock?: () => number
  /** What becomes of a used refresh token, which no page says. Default: it is replaced at once. */
  rotation?: Rotation
  site?: Site
}

export interface Buildkite extends Control {
  urls: { web: string; api: string }
  users: readonly BuildkiteUser[]
  applications(): readonly Application[]
  /** Who is signed in, in the one browser there is. Default: ada@example.com. */
  signIn(email: string): void
  /** Default: a public one, whose tokens live for a day and are refreshed. */
  registerApplication(input: Pick<Application, 'name'> & Partial<Application>): Application
  /** Default: for all organisations of the user, and without an end. */
  createAccessToken(input: {
    email: string
    scopes: readonly string[]
    organizations?: readonly string[]
    lifetimeSeconds?: number
  }): string
  /** By its owner, or by Buildkite, which was told of a leak. */
  revokeAccessToken(token: string): void
  /** The user takes back what the application was given; answers how many grants there were. */
  revokeGrant(application: Application, email: string): number
  /** Types a device's code into the page, as the one who is signed in. */
  answerDevice(userCode: string, decision?: Decision, organization?: string): Promise<void>
}

export async function createBuildkite(options: BuildkiteOptions = {}): Promise<Buildkite> {
  const state = new State(options)
  web(state)
  api(state)
  const paths = { web: '', api: '/api' }
  if (options.site) await state.wire.openSite(options.site, paths, state.parts)
  else await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://buildkite.com/docs/apis/oauth-device-authorization
function web(state: State): void {
  const text = 'Page not found'
  const app = state.wire.app('web', (c) => problemPage(c, { provider, title: '404', text }, 404))
  addPages(app, state)
  app
    .post('/oauth/device_authorization', (c) => deviceAuthorization(c, state))
    .get('/oauth/device', devicePage)
    .get('/oauth/device/:code', devicePage)
    .post('/oauth/device', (c) => decideDevice(c, state))
    .post('/oauth/token', (c) => tokenEndpoint(c, state))
}

const provider = 'Buildkite'
const tokensPath = '/user/api-access-tokens'

function addPages(app: Hono<Env>, state: State): void {
  const { wire, users } = state
  addAccounts(app, wire, {
    provider,
    accounts: users.map(({ email: username, name }) => ({ username, name })),
    paths: ['/oauth/device', '/oauth/device/*', tokensPath],
  })
  app.get('/', (c) =>
    homePage(c, {
      provider,
      usernames: users.map(({ email }) => email),
      links: [
        { path: tokensPath, text: 'Make an API access token' },
        { path: '/oauth/device', text: 'Type the code of a device' },
      ],
      addresses: {
        Device: `${wire.url('web')}/oauth/device_authorization`,
        Token: `${wire.url('web')}/oauth/token`,
        API: `${wire.url('api')}/v2`,
      },
    }),
  )
  addTokenPage(app, state, tokensPath)
}

function surface(state: State): Omit<Buildkite, keyof Control> {
  const { wire, users, clock } = state
  return {
    urls: { web: wire.url('web'), api: wire.url('api') },
    users,
    applications: () => [...state.applications.values()],
    signIn: (email) => {
      if (state.user(email) === undefined) throw new TypeError(`there is no user ${email}`)
      state.signedIn = email
    },
    registerApplication: (input) => {
      const application: Application = {
        clientId: randomText(32, hexadecimal),
        clientSecret: randomText(64, hexadecimal),
        redirectUris: [],
        confidential: false,
        expiresInSeconds: 86_400,
        refreshTokens: true,
        enabled: true,
        ...input,
      }
      state.applications.set(application.clientId, application)
      return application
    },
    createAccessToken: ({ email, scopes, organizations, lifetimeSeconds = null }) =>
      state.create({
        email,
        scopes,
        organizations: organizations ?? state.user(email)?.organizations ?? [],
        description: 'Development Token',
        expiresAt: clock.after(lifetimeSeconds),
      }),
    revokeAccessToken: (token) => {
      const found = state.tokens.get(token)
      if (found !== undefined) found.revoked = true
    },
    revokeGrant: ({ clientId }, username) => state.grants.revokeGrants({ clientId, username }),
    answerDevice: async (userCode, decision, organization) => {
      const fields = {
        user_code: userCode,
        ...(organization === undefined ? {} : { organization }),
      }
      await visit(`${wire.url('web')}/oauth/device`, decision, fields)
    },
  }
}
