import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Client } from '../core/client.ts'
import { Clock } from '../core/clock.ts'
import { Codes } from '../core/codes.ts'
import { Grants, type Rotation } from '../core/grants.ts'
import { randomText } from '../core/random.ts'
import { Wire } from '../core/wire.ts'
import type { KnownService } from './services.ts'

export interface GenericUser {
  sub: string
  username: string
  name: string
  email: string
}

/** How a client shows its secret at the token endpoint. */
export type ClientAuthentication = 'client_secret_post' | 'client_secret_basic'

/** What one server of the standards does and another does not. */
export interface GenericOptions {
  clock?: () => number
  /** Default: the new pair replaces the old one at once. */
  rotation?: Rotation
  /** Null: tokens live for ever, and the answer has no `expires_in`. Default: an hour. */
  accessSeconds?: number | null
  /** Default: refresh tokens live for ever. */
  refreshSeconds?: number | null
  /** Default: only `offline_access` brings a refresh token, as OpenID Connect says. */
  alwaysRefreshable?: boolean
  /** Default: both. */
  clientAuthentication?: readonly ClientAuthentication[]
  /** Default: a space. */
  scopeSeparator?: string
  /** The header of API keys. Default: `x-api-key`. */
  keyHeader?: string
}

export const scopes: readonly string[] = [
  'openid',
  'profile',
  'email',
  'offline_access',
  'read',
  'write',
]

export class State {
  readonly wire: Wire<'issuer' | 'api'> = new Wire()
  readonly clock: Clock
  readonly codes: Codes
  readonly grants: Grants
  readonly options: Required<Omit<GenericOptions, 'clock'>>
  readonly clients: Map<string, Client> = new Map()
  /** Those of them that act for themselves. */
  readonly services: Map<string, KnownService> = new Map()
  /** API keys, and whose they are. */
  readonly keys: Map<string, string> = new Map()
  readonly passwords: Map<string, string> = new Map()
  readonly signing: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  })
  readonly users: readonly GenericUser[] = [
    { sub: 'u-101', username: 'ada', name: 'Ada Okafor', email: 'ada@example.com' },
    { sub: 'u-102', username: 'grace', name: 'Grace Lindqvist', email: 'grace@example.com' },
  ]
  /** Who is signed in, in the one browser there is. */
  signedIn = 'ada'

  constructor({ clock, ...options }: GenericOptions) {
    this.clock = new Clock(clock)
    this.codes = new Codes(this.clock, { lifetimeSeconds: 60 })
    this.grants = new Grants(this.clock, {
      access: () => `at_${randomText(40)}`,
      refresh: () => `rt_${randomText(40)}`,
    })
    this.options = {
      rotation: { kind: 'strict' },
      accessSeconds: 3_600,
      refreshSeconds: null,
      alwaysRefreshable: false,
      clientAuthentication: ['client_secret_post', 'client_secret_basic'],
      scopeSeparator: ' ',
      keyHeader: 'x-api-key',
      ...options,
    }
  }

  user(username: string): GenericUser | undefined {
    return this.users.find((user) => user.username === username)
  }
}
