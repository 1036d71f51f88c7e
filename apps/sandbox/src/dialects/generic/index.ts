/**
 * A stand-in for a provider that does what the standards say: OAuth 2 and OpenID Connect, API keys,
 * and HTTP Basic. What standards leave open is an option.
 *
 *     const generic = await createGeneric({ rotation: { kind: 'grace', seconds: 60 } })
 *     const client = generic.registerClient({ name: 'Northwind', redirectUris: [callback] })
 *     const key = generic.createKey('ada')
 *     await generic.stop()
 */
import type { Client } from '../core/client.ts'
import { type Control, control } from '../core/control.ts'
import { problemPage } from '../core/pages.ts'
import { randomText } from '../core/random.ts'
import { api } from './api.ts'
import { authorizePage, decide } from './authorize.ts'
import { discovery, keys, userInfo } from './openid.ts'
import { introspectEndpoint, revokeEndpoint } from './revoke.ts'
import { createService, exchangeEndpoint, type Service } from './services.ts'
import { type GenericOptions, type GenericUser, State } from './state.ts'
import { tokenEndpoint } from './token.ts'

export type { Service } from './services.ts'

export interface Generic extends Control {
  /** `issuer` has the metadata below `/.well-known/openid-configuration`. */
  urls: { issuer: string; api: string }
  users: readonly GenericUser[]
  /** Who is signed in, in the one browser there is. Default: ada. */
  signIn(username: string): void
  registerClient(input: Pick<Client, 'name' | 'redirectUris'> & Partial<Client>): Client
  /** A program that acts for itself, with the account of a user. */
  createService(username: string): Service
  /** While it is suspended it gets no tokens; those that it has live on. */
  suspendService(service: Service, suspended: boolean): void
  /** Its secret and its key are taken back; the tokens that it has live on. */
  endService(service: Service): void
  /** An API key of a user. */
  createKey(username: string): string
  revokeKey(key: string): void
  /** Sets the password of a user for HTTP Basic; undefined takes it away. */
  setPassword(username: string, password: string | undefined): void
  /** The user takes back what the client was given; answers how many grants there were. */
  revokeGrant(client: Client, username: string): number
}

export async function createGeneric(options: GenericOptions = {}): Promise<Generic> {
  const state = new State(options)
  issuer(state)
  api(state)
  await state.wire.open()
  return { ...control(state.wire, state.clock), ...surface(state) }
}

// https://openid.net/specs/openid-connect-discovery-1_0.html
function issuer(state: State): void {
  const text = 'There is nothing here.'
  state.wire
    .app('issuer', (c) => problemPage(c, { provider: 'Generic', title: '404', text }, 404))
    .get('/.well-known/openid-configuration', (c) => discovery(c, state))
    .get('/keys', (c) => keys(c, state))
    .get('/authorize', (c) => authorizePage(c, state))
    .post('/authorize', (c) => decide(c, state))
    .post('/token', (c) => tokenEndpoint(c, state))
    .post('/exchange', (c) => exchangeEndpoint(c, state))
    .get('/userinfo', (c) => userInfo(c, state))
    .post('/revoke', (c) => revokeEndpoint(c, state))
    .post('/introspect', (c) => introspectEndpoint(c, state))
}

function surface(state: State): Omit<Generic, keyof Control> {
  const { wire, users } = state
  const known = ({ clientId }: Service) => {
    const service = state.services.get(clientId)
    if (service === undefined) throw new TypeError(`there is no service ${clientId}`)
    return service
  }
  return {
    urls: { issuer: wire.url('issuer'), api: wire.url('api') },
    users,
    signIn: (username) => {
      if (state.user(username) === undefined) throw new TypeError(`there is no user ${username}`)
      state.signedIn = username
    },
    registerClient: (input) => {
      // With the characters that servers and clients encode in different ways.
      const clientSecret = `${randomText(12)}-~.%+${randomText(12)}`
      const client: Client = { clientId: randomText(20), clientSecret, ...input }
      state.clients.set(client.clientId, client)
      return client
    },
    createService: (username) => {
      const service = createService(username)
      state.clients.set(service.clientId, service)
      state.services.set(service.clientId, service)
      return service
    },
    suspendService: (service, suspended) => {
      known(service).suspended = suspended
    },
    endService: (service) => {
      known(service).ended = true
    },
    createKey: (username) => {
      const key = `key_${randomText(32)}`
      state.keys.set(key, username)
      return key
    },
    revokeKey: (key) => {
      state.keys.delete(key)
    },
    setPassword: (username, password) => {
      if (password === undefined) state.passwords.delete(username)
      else state.passwords.set(username, password)
    },
    revokeGrant: ({ clientId }, username) => state.grants.revokeGrants({ clientId, username }),
  }
}
