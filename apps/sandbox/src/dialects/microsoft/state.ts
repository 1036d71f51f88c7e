import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import type { Client } from '../core/client.ts'
import { Clock } from '../core/clock.ts'
import { Codes } from '../core/codes.ts'
import { Grants, type Pair } from '../core/grants.ts'
import type { Parts } from '../core/memory.ts'
import { randomText } from '../core/random.ts'
import { Wire } from '../core/wire.ts'
import type { Resource } from './scopes.ts'

export interface MicrosoftUser {
  /** The object id, in the tenant. */
  oid: string
  tenantId: string
  name: string
  email: string
  /** At Azure DevOps, which has ids of its own. */
  profileId: string
}

/** An app registration. */
export interface Registration extends Client {
  /** Of the secret, 24 months at most after it was made. */
  secretExpiresAt: number
}

/** Why a sign-in that was good is not good enough any more. */
export type Policy = 'use_multi_factor' | 'enroll_multi_factor' | 'blocked'

export interface PersonalAccessToken {
  email: string
  expiresAt: number
  revoked: boolean
}

export class State {
  readonly wire: Wire<'login' | 'graph' | 'vssps' | 'dev'> = new Wire()
  readonly clock: Clock
  readonly codes: Codes
  readonly grants: Grants
  readonly registrations: Map<string, Registration> = new Map()
  readonly personalAccessTokens: Map<string, PersonalAccessToken> = new Map()
  /** What each access token is for. */
  readonly resources: Map<string, Resource> = new Map()
  /** By address of the user. */
  readonly policies: Map<string, Policy> = new Map()
  /** Consents that were taken back: client id and address. */
  readonly withdrawn: Set<string> = new Set()
  readonly key: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
  })
  readonly users: readonly MicrosoftUser[] = [
    {
      oid: '5b1f3c1e-0000-4d7e-9d52-000000000101',
      tenantId: '8b0b7b1c-1111-4b8e-8f1d-2f2b6c1f0a01',
      name: 'Ada Okafor',
      email: 'ada@northwind.example',
      profileId: 'd6245f20-0000-44d9-9d2d-000000000101',
    },
    {
      oid: '5b1f3c1e-0000-4d7e-9d52-000000000102',
      tenantId: '8b0b7b1c-2222-4b8e-8f1d-2f2b6c1f0a02',
      name: 'Grace Lindqvist',
      email: 'grace@southwind.example',
      profileId: 'd6245f20-0000-44d9-9d2d-000000000102',
    },
  ]
  /** How Azure DevOps answers a credential that it does not take. */
  refusesWith: 203 | 302 = 203
  /** Who is signed in, in the one browser there is. */
  signedIn = 'ada@northwind.example'

  constructor(clock?: () => number) {
    this.clock = new Clock(clock)
    // "Typically, they expire after about 10 minutes."
    this.codes = new Codes(this.clock, {
      lifetimeSeconds: 600,
      make: () => `1.AX0A${randomText(200)}`,
    })
    this.grants = new Grants(this.clock, {
      // A JWT in form, and made for its resource alone: nobody else reads it.
      access: () => `eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.${randomText(400)}.${randomText(342)}`,
      refresh: () => `1.AX0A${randomText(900)}`,
    })
  }

  /** What a site remembers. */
  get parts(): Parts {
    const { registrations, personalAccessTokens, resources } = this
    return { ...this.grants.parts, registrations, personalAccessTokens, resources }
  }

  user(email: string): MicrosoftUser | undefined {
    return this.users.find((user) => user.email === email)
  }

  /** Who an access token for this resource stands for. */
  bearer(token: string, resource: Resource): { pair: Pair; user: MicrosoftUser } | undefined {
    const pair = this.grants.active(token)
    const user = this.user(pair?.grant.username ?? '')
    if (pair === undefined || user === undefined) return undefined
    return this.resources.get(token) === resource ? { pair, user } : undefined
  }
}

export function register(
  state: State,
  input: Pick<Registration, 'name' | 'redirectUris'> & Partial<Registration>,
): Registration {
  const registration: Registration = {
    clientId: randomUUID(),
    // With characters that have to be encoded.
    clientSecret: `${randomText(3)}8Q~${randomText(16)}.~+_${randomText(16)}`,
    secretExpiresAt: state.clock.now() + 730 * 86_400_000,
    ...input,
  }
  state.registrations.set(registration.clientId, registration)
  return registration
}
