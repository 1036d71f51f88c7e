import { randomUUID } from 'node:crypto'
import type { Client } from '../core/client.ts'
import { Clock } from '../core/clock.ts'
import { Devices } from '../core/devices.ts'
import { Grants, type Rotation } from '../core/grants.ts'
import type { Parts } from '../core/memory.ts'
import { randomText } from '../core/random.ts'
import { Wire } from '../core/wire.ts'

export interface BuildkiteUser {
  id: string
  email: string
  name: string
  /** Slugs of organisations. */
  organizations: readonly string[]
}

/** An OAuth application. */
export interface Application extends Client {
  /** A confidential one shows its secret. */
  confidential: boolean
  /** Seconds that access tokens live; null: for ever. */
  expiresInSeconds: number | null
  refreshTokens: boolean
  enabled: boolean
}

/** What an API access token is, whoever made it. */
export interface AccessToken {
  uuid: string
  email: string
  scopes: readonly string[]
  organizations: readonly string[]
  description: string
  createdAt: number
  expiresAt: number | null
  revoked: boolean
}

// https://github.com/buildkite/docs: pages/apis/managing_api_tokens.md, Token scopes
export const scopes: readonly string[] = [
  'read_agents',
  'write_agents',
  'read_teams',
  'read_artifacts',
  'write_artifacts',
  'read_builds',
  'write_builds',
  'read_job_env',
  'read_build_logs',
  'write_build_logs',
  'read_organizations',
  'read_pipelines',
  'write_pipelines',
  'read_user',
]

export class State {
  readonly wire: Wire<'web' | 'api'> = new Wire()
  readonly clock: Clock
  /** "600 seconds, that is, 10 minutes": pages/apis/oauth_device_authorization.md */
  readonly devices: Devices
  readonly grants: Grants
  readonly applications: Map<string, Application> = new Map()
  /** Made by hand. */
  readonly tokens: Map<string, AccessToken> = new Map()
  /** What was picked on the consent page, by device code and then by grant. */
  readonly picked: Map<string | number, string> = new Map()
  readonly calls: Map<string, number[]> = new Map()
  readonly users: readonly BuildkiteUser[] = [
    {
      id: 'abc12345-4567-4891-8000-000000000101',
      email: 'ada@example.com',
      name: 'Ada Okafor',
      organizations: ['northwind', 'southwind'],
    },
    {
      id: 'abc12345-4567-4891-8000-000000000102',
      email: 'grace@example.com',
      name: 'Grace Lindqvist',
      organizations: ['northwind'],
    },
  ]
  /** No page says what a refresh does to the old refresh token. */
  readonly rotation: Rotation
  /** Who is signed in, in the one browser there is. */
  signedIn = 'ada@example.com'

  constructor({ clock, rotation }: { clock?: () => number; rotation?: Rotation }) {
    this.clock = new Clock(clock)
    this.rotation = rotation ?? { kind: 'strict' }
    this.devices = new Devices(this.clock, 600)
    this.grants = new Grants(this.clock, { access: newToken, refresh: () => randomText(64) })
  }

  /** What a site remembers. */
  get parts(): Parts {
    const { applications, tokens, picked } = this
    return { ...this.grants.parts, applications, tokens, picked }
  }

  user(email: string): BuildkiteUser | undefined {
    return this.users.find((user) => user.email === email)
  }

  /** An access token that lives, of whichever kind. */
  active(value: string): AccessToken | undefined {
    const made = this.tokens.get(value)
    if (made !== undefined) {
      return made.revoked || this.clock.isPast(made.expiresAt) ? undefined : made
    }
    const pair = this.grants.active(value)
    if (pair === undefined) return undefined
    const { grant, createdAt, accessExpiresAt } = pair
    return {
      uuid: `b63254c0-3271-4a98-8270-${grant.id.toString().padStart(12, '0')}`,
      email: grant.username,
      scopes: pair.scopes,
      organizations: [this.picked.get(grant.id) ?? ''],
      description: this.applications.get(grant.clientId)?.name ?? '',
      createdAt,
      expiresAt: accessExpiresAt,
      revoked: false,
    }
  }

  create(token: Omit<AccessToken, 'uuid' | 'createdAt' | 'revoked'>): string {
    const value = newToken()
    const more = { uuid: randomUUID(), createdAt: this.clock.now(), revoked: false }
    this.tokens.set(value, { ...token, ...more })
    return value
  }
}

// https://github.com/buildkite/docs: pages/platform/security/tokens.md
function newToken(): string {
  return `bkua_${randomText(53)}`
}
