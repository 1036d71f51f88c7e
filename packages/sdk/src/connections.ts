import {
  type Connection,
  type ConnectionList,
  type ConnectionPage,
  type DisconnectAnswer,
  type ProviderName,
  type RefreshAnswer,
  routes,
  type SearchConnections,
  Secret,
  type CreateConnection as WireConnection,
} from '@keywell/protocol'
import { type CacheChange, cacheChangeOf } from './cache/cache-change.ts'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

export interface ListConnections {
  readonly tenantId: string
  /** Default: all users of the tenant, and the tenant itself. */
  readonly userId?: string | undefined
  /** Only those of the tenant itself. */
  readonly owner?: 'tenant' | undefined
  readonly provider?: ProviderName | undefined
  /** Connections per page, at most 500. Default: 100. */
  readonly limit?: number | undefined
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined
  /**
   * Has the page say how people know these providers and those of its connections, each by title and mark; at most 100.
   * Default: it does not.
   */
  readonly brands?: readonly ProviderName[] | undefined
}

/** Whose a connection is: a user's, or the tenant's own, for all of its users. */
export type ConnectionOwner =
  | { readonly userId: string; readonly owner?: never }
  | { readonly owner: 'tenant'; readonly userId?: never }

export type CreateConnection = NewConnection & ConnectionOwner

export interface NewConnection extends Omit<WireConnection, 'credential' | 'userId' | 'owner'> {
  readonly credential: {
    readonly type: 'api_key'
    /** The key itself. A `Secret` does not end up in a log on its way here. */
    readonly value?: string | Secret | undefined
    /** In place of it, what a key of several fields is made of, by their names. */
    readonly fields?: Readonly<Record<string, string | Secret>> | undefined
  }
}

export interface ConnectionReference {
  readonly connectionId: string
  readonly tenantId: string
  /** When given, the connection must be this user's; `not_found` otherwise. */
  readonly userId?: string | undefined
  /** When given, the connection must be the tenant's own. */
  readonly owner?: 'tenant' | undefined
}

/** The connections of a tenant or a user. They hold no secret. */
export class Connections {
  readonly #service: Service
  readonly #notify: (change: CacheChange) => void

  /** @param notify called with a change that an answer shows, before the change stream brings it */
  constructor(service: Service, notify: (change: CacheChange) => void) {
    this.#service = service
    this.#notify = notify
  }

  /** Of a tenant or a user, the oldest first. See `List` for its three ways to be read. */
  list(
    { brands, ...query }: ListConnections,
    options?: CallOptions,
  ): List<Connection, ConnectionList> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.connections.list,
          'connections.list',
          { query: { ...query, brands: brands?.join(','), ...place } },
          options,
        ),
      itemsOf: ({ connections }) => connections,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /** Of a tenant, by what they are and in any order. A cursor is of one search: do not change it between pages. */
  search(query: SearchConnections, options?: CallOptions): List<Connection, ConnectionPage> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.connections.search,
          'connections.search',
          { body: { ...query, ...place } },
          options,
        ),
      itemsOf: ({ connections }) => connections,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /**
   * Connects by an API key that the user made at the provider and gave to your app: at GitLab a personal
   * access token. What the user has connected under that name is replaced, if it is the same account.
   *
   * Throws `key_refused` when the provider does not take the key, `account_mismatch` when it belongs
   * to another account; nothing is stored then.
   */
  async create(connection: CreateConnection, options?: CallOptions): Promise<Connection> {
    const { credential } = connection
    const { value, fields } = credential ?? {}
    const open = { value: textOf(value), fields: fields && textsOf(fields) }
    const body = { ...connection, credential: { ...credential, ...open } }
    const made = await this.#service.request(
      routes.connections.create,
      'connections.create',
      { body },
      options,
    )
    this.#notify(cacheChangeOf('connected', made))
    return made
  }

  async get(reference: ConnectionReference, options?: CallOptions): Promise<Connection> {
    return this.#service.request(
      routes.connections.get,
      'connections.get',
      { params: reference, query: reference },
      options,
    )
  }

  /**
   * Renews a credential ahead of its time; once in 60 s. Reading a credential renews it by itself, so this is for a
   * person who wants to see whether a connection works.
   *
   * Throws `needs_reauth`; `not_renewable` for a key or a token that nothing renews; `refresh_in_progress` while another
   * process renews it.
   */
  async refresh(
    reference: ConnectionReference & { readonly ifGeneration?: number | undefined },
    options?: CallOptions,
  ): Promise<RefreshAnswer> {
    const { connectionId, ...body } = reference
    return this.#service.request(
      routes.connections.refresh,
      'connections.refresh',
      { params: { connectionId }, body },
      options,
    )
  }

  /**
   * Disconnects: removes the credential here, and withdraws the grant at the provider where that is possible.
   */
  async delete(reference: ConnectionReference, options?: CallOptions): Promise<DisconnectAnswer> {
    const answer = await this.#service.request(
      routes.connections.disconnect,
      'connections.delete',
      { params: reference, query: reference },
      options,
    )
    this.#notify(cacheChangeOf('disconnected', answer.connection))
    return answer
  }
}

function textOf<Text extends string | undefined>(value: Text | Secret): Text | string {
  return value instanceof Secret ? value.expose() : value
}

function textsOf(fields: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, textOf(value)]))
}
