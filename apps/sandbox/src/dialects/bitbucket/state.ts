import type { Client } from '../core/client.ts'
import { Clock } from '../core/clock.ts'
import { Codes } from '../core/codes.ts'
import { Grants } from '../core/grants.ts'
import type { Parts } from '../core/memory.ts'
import { randomText } from '../core/random.ts'
import { Wire } from '../core/wire.ts'

export interface BitbucketUser {
  uuid: string
  accountId: string
  nickname: string
  name: string
  /** Of the Atlassian account: the user name of an API token. */
  email: string
}

/** An OAuth consumer, which belongs to a workspace and has its scopes ticked there. */
export interface Consumer extends Client {
  workspace: string
  scopes: readonly string[]
}

export interface ApiToken {
  email: string
  scopes: readonly string[]
  expiresAt: number | null
  revoked: boolean
}

export interface Repository {
  workspace: string
  slug: string
}

export class State {
  readonly wire: Wire<'web' | 'api'> = new Wire()
  readonly clock: Clock
  readonly codes: Codes
  readonly grants: Grants
  readonly consumers: Map<string, Consumer> = new Map()
  readonly apiTokens: Map<string, ApiToken> = new Map()
  readonly users: readonly BitbucketUser[] = [
    {
      uuid: '{d301aafa-d676-4ee0-88be-962be7417567}',
      accountId: '557058:1b5a6b6e-0000-4c6f-9a30-000000000101',
      nickname: 'ada',
      name: 'Ada Okafor',
      email: 'ada@example.com',
    },
    {
      uuid: '{e402bbfb-e787-4ff1-99cf-073cf8528678}',
      accountId: '557058:1b5a6b6e-0000-4c6f-9a30-000000000102',
      nickname: 'grace',
      name: 'Grace Lindqvist',
      email: 'grace@example.com',
    },
  ]
  readonly repositories: readonly Repository[] = ['harbour', 'notes', 'site'].map((slug) => ({
    workspace: 'northwind',
    slug,
  }))
  /** Whether the changes of 2026 are in force; see `OAuth 2.0 and API authentication changes`. */
  readonly rotates: boolean
  /** Who is signed in, in the one browser there is. */
  signedIn = 'ada'

  constructor({ clock, rotates = true }: { clock?: () => number; rotates?: boolean }) {
    this.clock = new Clock(clock)
    this.rotates = rotates
    this.codes = new Codes(this.clock, { lifetimeSeconds: 600, mayOmitRedirectUri: true })
    // https://github.com/git-ecosystem/git-credential-manager/pull/2433: "Regularly exceeding 2500 characters."
    const length = rotates ? 2_600 : 88
    const make = (): string => randomText(length)
    this.grants = new Grants(this.clock, { access: make, refresh: make })
  }

  /** What a site remembers. */
  get parts(): Parts {
    const { consumers, apiTokens } = this
    return { ...this.grants.parts, consumers, apiTokens }
  }

  user(nickname: string): BitbucketUser | undefined {
    return this.users.find((user) => user.nickname === nickname)
  }
}
