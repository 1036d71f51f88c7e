/**
 * A stand-in Buildkite: `buildkite.com` and `api.buildkite.com`, each at an origin of its own.
 *
 *     const buildkite = await createBuildkite()
 *     const token = buildkite.createAccessToken({ email: 'ada@example.com', scopes: ['read_user'] })
 *     await buildkite.stop()
 */
import { type Control, control } from '../core/control.ts'
import type { Rotation } from '../core/grants.ts'
import { problemPage } from '../core/pages.ts'
import { hexadecimal, randomText } from '../core/random.ts'
import { type Decision, visit } from '../core/visit.ts'
import { api } from './api.ts'
import { decideDevice, deviceAuthorization, devicePage, tokenEndpoint } from './oauth.ts'
import { type Application, type BuildkiteUser, State } from './state.ts'

export interface BuildkiteOptions {
  clock?: () => number
  /** What becomes of a used refresh token, which no page says. Default: it is replaced at once. */
  rotation?: Rotation
}

export interface Buildkite extends Control {
  urls: { web: string; api: string }
  users: readonly BuildkiteUser[]
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
  await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://buildkite.com/docs/apis/oauth-device-authorization
function web(state: State): void {
  const text = 'Page not found'
  state.wire
    .app('web', (c) => problemPage(c, { provider: 'Buildkite', title: '404', text }, 404))
    .post('/oauth/device_authorization', (c) => deviceAuthorization(c, state))
    .get('/oauth/device', devicePage)
    .get('/oauth/device/:code', devicePage)
    .post('/oauth/device', (c) => decideDevice(c, state))
    .post('/oauth/token', (c) => tokenEndpoint(c, state))
}

function surface(state: State): Omit<Buildkite, keyof Control> {
  const { wire, users, clock } = state
  return {
    urls: { web: wire.url('web'), api: wire.url('api') },
    users,
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
