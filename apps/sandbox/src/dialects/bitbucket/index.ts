/**
 * A stand-in Bitbucket Cloud: `bitbucket.org` and `api.bitbucket.org`, each at an origin of its own.
 *
 *     const bitbucket = await createBitbucket()
 *     const consumer = bitbucket.registerConsumer({ name: 'Northwind', redirectUris: [callback] })
 *     bitbucket.revokeGrant(consumer, 'ada')
 *     await bitbucket.stop()
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
import { api } from './api.ts'
import { authorizePage, decide, tokenEndpoint } from './oauth.ts'
import { type BitbucketUser, type Consumer, State } from './state.ts'

export interface BitbucketOptions {
  clock?: () => number
  /**
   * Whether the changes that Bitbucket announced for 2026 are in force: refresh tokens are replaced
   * and end, tokens are long, and scopes come back as `scope`. Default: true.
   */
  rotates?: boolean
  site?: Site
}

export interface Bitbucket extends Control {
  urls: { web: string; api: string }
  users: readonly BitbucketUser[]
  consumers(): readonly Consumer[]
  /** Who is signed in, in the one browser there is. Default: ada. */
  signIn(nickname: string): void
  /** Default: scopes `account` and `repository`, in the workspace northwind. */
  registerConsumer(input: Pick<Consumer, 'name' | 'redirectUris'> & Partial<Consumer>): Consumer
  createApiToken(input: {
    email: string
    scopes: readonly string[]
    lifetimeSeconds?: number
  }): string
  revokeApiToken(token: string): void
  /** The user takes back what the consumer was given; answers how many grants there were. */
  revokeGrant(consumer: Consumer, nickname: string): number
  /** A fault for `addFault`: too much in this hour, without a word on when to come again. */
  rateLimit(): FaultInput
}

export async function createBitbucket(options: BitbucketOptions = {}): Promise<Bitbucket> {
  const state = new State(options)
  web(state)
  api(state)
  const paths = { web: '', api: '/api' }
  if (options.site) await state.wire.openSite(options.site, paths, state.parts)
  else await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://developer.atlassian.com/cloud/bitbucket/oauth-2
function web(state: State): void {
  const text = 'We can’t find that page.'
  const app = state.wire.app('web', (c) => problemPage(c, { provider, title: '404', text }, 404))
  addPages(app, state)
  app
    .get('/site/oauth2/authorize', (c) => authorizePage(c, state))
    .post('/site/oauth2/authorize', (c) => decide(c, state))
    .post('/site/oauth2/access_token', (c) => tokenEndpoint(c, state))
}

const provider = 'Bitbucket'

const appsPath = '/account/settings/app-authorizations/'

function addPages(app: Hono<Env>, state: State): void {
  const { wire, users } = state
  addAccounts(app, wire, {
    provider,
    accounts: users.map(({ nickname: username, name }) => ({ username, name })),
    paths: ['/site/oauth2/authorize', appsPath],
  })
  app.get('/', (c) =>
    homePage(c, {
      provider,
      usernames: users.map(({ nickname }) => nickname),
      links: [{ path: appsPath, text: 'See which applications have access, and revoke it' }],
      addresses: {
        Authorize: `${wire.url('web')}/site/oauth2/authorize`,
        Token: `${wire.url('web')}/site/oauth2/access_token`,
        API: `${wire.url('api')}/2.0`,
      },
    }),
  )
  addAuthorizations(app, { provider, path: appsPath, state, apps: state.consumers })
}

function surface(state: State): Omit<Bitbucket, keyof Control> {
  const { wire, users, apiTokens } = state
  return {
    urls: { web: wire.url('web'), api: wire.url('api') },
    users,
    consumers: () => [...state.consumers.values()],
    signIn: (nickname) => {
      if (state.user(nickname) === undefined) throw new TypeError(`there is no user ${nickname}`)
      state.signedIn = nickname
    },
    registerConsumer: (input) => {
      const consumer: Consumer = {
        clientId: randomText(18),
        clientSecret: randomText(32),
        workspace: 'northwind',
        scopes: ['account', 'repository'],
        ...input,
      }
      state.consumers.set(consumer.clientId, consumer)
      return consumer
    },
    createApiToken: ({ email, scopes, lifetimeSeconds = null }) => {
      const token = `ATATT3xFfGF0${randomText(180)}`
      const expiresAt = state.clock.after(lifetimeSeconds)
      apiTokens.set(token, { email, scopes, expiresAt, revoked: false })
      return token
    },
    revokeApiToken: (token) => {
      const found = apiTokens.get(token)
      if (found !== undefined) found.revoked = true
    },
    revokeGrant: ({ clientId }, username) => state.grants.revokeGrants({ clientId, username }),
    rateLimit: () => ({
      origin: 'api',
      effect: {
        kind: 'respond',
        status: 429,
        body: 'Rate limit for this resource has been exceeded',
      },
    }),
  }
}
