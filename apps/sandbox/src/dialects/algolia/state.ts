import { Clock } from '../core/clock.ts'
import type { Parts } from '../core/memory.ts'
import { hexadecimal, randomText } from '../core/random.ts'
import { Wire } from '../core/wire.ts'

// https://github.com/algolia/api-clients-automation: specs/search/common/schemas.yml, apiKey
/** What a key may do, and what it is restricted to. */
export interface Permissions {
  acl: readonly string[]
  description: string
  indexes: readonly string[]
  maxHitsPerQuery: number
  maxQueriesPerIPPerHour: number
  queryParameters: string
  referers: readonly string[]
  /** Seconds, from when it was made; 0 is for ever. */
  validity: number
}

/** Values of what is left out, at a creation and at a change. */
export const defaults: Permissions = {
  acl: [],
  description: '',
  indexes: [],
  maxHitsPerQuery: 0,
  maxQueriesPerIPPerHour: 0,
  queryParameters: '',
  referers: [],
  validity: 0,
}

export interface Key extends Permissions {
  value: string
  createdAt: number
  admin: boolean
}

export type OriginName = 'first' | 'second' | 'dashboard'

export interface Index {
  name: string
  /** Records. */
  entries: number
}

/** An application, whose id is in the name of its host. */
export interface Application {
  id: string
  origin: 'first' | 'second'
  keys: Map<string, Key>
  indexes: readonly Index[]
  /** Times of queries by address. */
  queries: Map<string, number[]>
  lastTask: number
}

const siteIds = { first: 'NORTHWIND1', second: 'SOUTHWIND2' } as const
const siteIndexes: readonly Index[] = [
  { name: 'harbour_articles', entries: 1_284 },
  { name: 'harbour_people', entries: 96 },
]

export class State {
  readonly wire: Wire<OriginName> = new Wire()
  readonly clock: Clock
  readonly applications: readonly Application[]

  /** @param site Whether it is for people with browsers: its applications have names that stay, and something to show. */
  constructor(clock: (() => number) | undefined, site: boolean) {
    this.clock = new Clock(clock)
    this.applications = (['first', 'second'] as const).map((origin) => {
      const application: Application = {
        id: site ? siteIds[origin] : randomText(10, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'),
        origin,
        keys: new Map(),
        indexes: site ? siteIndexes : [],
        queries: new Map(),
        lastTask: 1_000,
      }
      this.create(application, { ...defaults, description: 'Admin API Key' }, true)
      const acl = ['search', 'listIndexes']
      if (site) this.create(application, { ...defaults, acl, description: 'Search API Key' })
      return application
    })
  }

  /** What a site remembers. */
  get parts(): Parts {
    return Object.fromEntries(this.applications.map(({ id, keys }) => [id, keys]))
  }

  create(application: Application, permissions: Permissions, admin = false): Key {
    const value = randomText(32, hexadecimal)
    const key = { ...permissions, value, createdAt: this.clock.now(), admin }
    application.keys.set(value, key)
    return key
  }

  active(application: Application, value: string): Key | undefined {
    const key = application.keys.get(value)
    if (key === undefined || key.validity === 0) return key
    return this.clock.isPast(key.createdAt + key.validity * 1_000) ? undefined : key
  }
}
