import {
  type Connection,
  type ConnectionList,
  type CreateLink,
  type CreateSession,
  type DisconnectAnswer,
  type LinkAnswer,
  type ProviderName,
  type ProviderResponse,
  type SessionAnswer,
  tenantIdSchema,
  userIdSchema,
} from '@keywell/protocol'
import type { CredentialQuery, UserCredentialQuery } from './cache/query.ts'
import type { ReadOptions } from './cache/waiting.ts'
import type { ConnectionReference, ListConnections, NewConnection } from './connections.ts'
import type { Credential } from './credential.ts'
import type { SignedIn } from './handler/signed-in.ts'
import type { CredentialResult, Keywell } from './keywell.ts'
import type { List } from './list.ts'
import { parseInput } from './request.ts'
import type { CallOptions } from './service.ts'
import type { RequestOptions } from './tools/calls.ts'
import { UserTools } from './tools/user-tools.ts'

type Owner = 'tenantId' | 'userId'

/** Which credential of a user: the provider, or a query for one of several hosts or connections. */
export type UserQuery = ProviderName | Omit<UserCredentialQuery, Owner | 'owner'>

/** `getCredential` of one user; see `GetCredential`. */
export interface GetUserCredential {
  (which: UserQuery, options?: ReadOptions): Promise<Credential>
  safe(which: UserQuery, options?: ReadOptions): Promise<CredentialResult>
}

/**
 * Keywell for one user. It holds nothing but the two ids: make one for each request, as often as you like.
 *
 *     const user = keywell.forUser({ tenantId, userId })
 *     const { credential } = await user.getCredential('gitlab')
 *     const projects = await user.fetch('gitlab', '/api/v4/projects')
 */
export class KeywellUser {
  readonly tenantId: string
  readonly userId: string
  /** See `Keywell.getCredential`. */
  readonly getCredential: GetUserCredential
  /** The user's connections. */
  readonly connections: UserConnections
  /** What an agent may do as the user. */
  readonly tools: UserTools
  readonly #keywell: Keywell

  /** Made by `keywell.forUser`. Throws `KeywellError` (`invalid_request`) for an id that cannot be one. */
  constructor(keywell: Keywell, owner: Pick<UserCredentialQuery, Owner>) {
    this.#keywell = keywell
    this.tenantId = parseInput(tenantIdSchema, owner.tenantId, 'forUser: tenantId')
    this.userId = parseInput(userIdSchema, owner.userId, 'forUser: userId')
    const get = (which: UserQuery, options?: ReadOptions) =>
      keywell.getCredential(this.query(which), options)
    this.getCredential = Object.assign(get, {
      safe: (which: UserQuery, options?: ReadOptions) =>
        keywell.getCredential.safe(this.query(which), options),
    })
    this.connections = new UserConnections(keywell, this)
    this.tools = new UserTools(keywell.tools, this)
  }

  /** The query that names a credential of this user, for the calls of `Keywell`. */
  query(which: UserQuery): CredentialQuery {
    const { tenantId, userId } = this
    return typeof which === 'string'
      ? { provider: which, tenantId, userId }
      : { ...which, tenantId, userId }
  }

  /** See `Keywell.getNewerCredential`. */
  async getNewerCredential(
    which: UserQuery,
    refused: Credential,
    options?: ReadOptions,
  ): Promise<Credential> {
    return this.#keywell.getNewerCredential(this.query(which), refused, options)
  }

  /** See `Keywell.getCredentialSync`. */
  getCredentialSync(which: UserQuery): Credential | undefined {
    return this.#keywell.getCredentialSync(this.query(which))
  }

  /** See `Keywell.fetch`. */
  async fetch(which: UserQuery, path: string, init?: RequestInit): Promise<Response> {
    return this.#keywell.fetch(this.query(which), path, init)
  }

  /** See `Keywell.request`. */
  async request(
    which: ProviderName | Pick<Exclude<UserQuery, string>, 'provider' | 'connectionName' | 'host'>,
    path: string,
    options?: RequestOptions,
  ): Promise<ProviderResponse> {
    const { tenantId, userId } = this
    const named = typeof which === 'string' ? { provider: which } : which
    return this.#keywell.request({ ...named, tenantId, userId }, path, options)
  }

  /** See `Keywell.warm`. */
  async warm(which: readonly UserQuery[]): Promise<CredentialResult[]> {
    return this.#keywell.warm(which.map((one) => this.query(one)))
  }

  /** See `Keywell.invalidate`. */
  invalidate(which: UserQuery): void {
    this.#keywell.invalidate(this.query(which))
  }

  /** See `Connect.createSession`. */
  async createSession(
    session: Omit<CreateSession, Owner>,
    options?: CallOptions,
  ): Promise<SessionAnswer> {
    const { tenantId, userId } = this
    return this.#keywell.connect.createSession({ ...session, tenantId, userId }, options)
  }

  /** See `Connect.createLink`. */
  async createLink(link: Omit<CreateLink, Owner>, options?: CallOptions): Promise<LinkAnswer> {
    const { tenantId, userId } = this
    return this.#keywell.connect.createLink({ ...link, tenantId, userId }, options)
  }

  /** See `Keywell.connectHandler`: this user must be the one who is signed in. */
  async connectHandler(request: Request, limits: Omit<SignedIn, Owner> = {}): Promise<Response> {
    const { tenantId, userId } = this
    return this.#keywell.connectHandler(request, { ...limits, tenantId, userId })
  }
}

/** The connections of one user; see `Connections`. */
export class UserConnections {
  readonly #keywell: Keywell
  readonly #owner: Pick<UserCredentialQuery, Owner>

  constructor(keywell: Keywell, { tenantId, userId }: Pick<UserCredentialQuery, Owner>) {
    this.#keywell = keywell
    this.#owner = { tenantId, userId }
  }

  list(
    query: Omit<ListConnections, Owner> = {},
    options?: CallOptions,
  ): List<Connection, ConnectionList> {
    return this.#keywell.connections.list({ ...query, ...this.#owner }, options)
  }

  async get(
    reference: Omit<ConnectionReference, Owner>,
    options?: CallOptions,
  ): Promise<Connection> {
    return this.#keywell.connections.get({ ...reference, ...this.#owner }, options)
  }

  async create(
    connection: Omit<NewConnection, 'tenantId'>,
    options?: CallOptions,
  ): Promise<Connection> {
    return this.#keywell.connections.create({ ...connection, ...this.#owner }, options)
  }

  async delete(
    reference: Omit<ConnectionReference, Owner>,
    options?: CallOptions,
  ): Promise<DisconnectAnswer> {
    return this.#keywell.connections.delete({ ...reference, ...this.#owner }, options)
  }
}
