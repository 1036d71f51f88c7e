import { defaultConnectionName } from '@keywell/protocol'

/**
 * In place of a user's id. A symbol, since no text that a caller without types passes for an id may name what belongs
 * to the whole tenant.
 */
export const tenantOwned: unique symbol = Symbol('of the tenant')
export type UserKey = string | typeof tenantOwned

/** What separates one credential from another. */
export interface Identity {
  readonly provider: string
  readonly tenantId: string
  /** `tenantOwned`: the tenant's own. */
  readonly userId: UserKey
  /** Name of the connection. Default: `default`. */
  readonly connectionName?: string | undefined
  /** Undefined: the one host on which the user has connected the provider. */
  readonly host?: string | undefined
}

/**
 * By user id, since few are in more than one tenant: the first tenant's value is found by one look-up,
 * the others' stand beside it.
 */
interface Users<Value> {
  readonly first: Map<UserKey, Value>
  readonly others: Map<UserKey, Map<string, Value>>
}

/** Where provider, connection name and host lead to. */
interface Branch<Value> extends Pick<Identity, 'provider' | 'connectionName' | 'host'> {
  readonly users: Users<Value>
}

/**
 * Finds a value by identity without building a key: maps inside maps, so that a look-up allocates
 * nothing and no two identities can collide, whatever characters they contain.
 *
 * Provider, connection name and host have few values and come first. Where they led is remembered,
 * because a call site asks for the same three again and again; such a look-up costs one map.
 */
export class EntryIndex<Value extends { readonly identity: Identity }> {
  readonly #providers = new Map<string, Map<string, Map<string | undefined, Users<Value>>>>()
  #last: Branch<Value> | undefined

  /** Undefined, from a caller without types, names nothing. */
  find(identity: Identity | undefined): Value | undefined {
    if (identity === undefined) return undefined
    const last = this.#last
    const users =
      last !== undefined && leadsTo(last, identity) ? last.users : this.#findBranch(identity)
    const found = users?.first.get(identity.userId)
    if (found === undefined || found.identity.tenantId === identity.tenantId) return found
    return users?.others.get(identity.userId)?.get(identity.tenantId)
  }

  /** By its own identity; takes the place of one that is equal. */
  add(value: Value): void {
    const { provider, connectionName, host, tenantId, userId } = value.identity
    const connections = childOf(this.#providers, provider, () => new Map())
    const hosts = childOf(connections, connectionName ?? defaultConnectionName, () => new Map())
    const { first, others } = childOf(hosts, host, newUsers<Value>)
    const known = first.get(userId)
    if (known === undefined || known.identity.tenantId === tenantId) first.set(userId, value)
    else childOf(others, userId, () => new Map()).set(tenantId, value)
  }

  remove(identity: Identity): void {
    const connectionName = identity.connectionName ?? defaultConnectionName
    const connections = this.#providers.get(identity.provider)
    const hosts = connections?.get(connectionName)
    const users = hosts?.get(identity.host)
    if (users !== undefined) removeFrom(users, identity)
    if (users?.first.size === 0) hosts?.delete(identity.host)
    dropIfEmpty(connections, connectionName)
    dropIfEmpty(this.#providers, identity.provider)
    // It may have been dropped just now.
    this.#last = undefined
  }

  #findBranch(identity: Identity): Users<Value> | undefined {
    const users = this.#providers
      .get(identity.provider)
      ?.get(identity.connectionName ?? defaultConnectionName)
      ?.get(identity.host)
    if (users !== undefined) {
      const { provider, connectionName, host } = identity
      this.#last = { provider, connectionName, host, users }
    }
    return users
  }
}

function removeFrom<Value extends { readonly identity: Identity }>(
  { first, others }: Users<Value>,
  { tenantId, userId }: Identity,
): void {
  const beside = others.get(userId)
  if (first.get(userId)?.identity.tenantId === tenantId) {
    first.delete(userId)
    const [next] = beside?.values() ?? []
    if (next === undefined) return
    // A place in front is free.
    first.set(userId, next)
    beside?.delete(next.identity.tenantId)
  } else {
    beside?.delete(tenantId)
  }
  dropIfEmpty(others, userId)
}

function leadsTo(branch: Omit<Branch<unknown>, 'users'>, identity: Identity): boolean {
  return (
    branch.provider === identity.provider &&
    branch.connectionName === identity.connectionName &&
    branch.host === identity.host
  )
}

function childOf<Key, Child>(parent: Map<Key, Child>, key: Key, make: () => Child): Child {
  const known = parent.get(key)
  if (known !== undefined) return known
  const made = make()
  parent.set(key, made)
  return made
}

const newUsers = <Value>(): Users<Value> => ({ first: new Map(), others: new Map() })

function dropIfEmpty<Key>(parent: Map<Key, { readonly size: number }> | undefined, key: Key): void {
  if (parent?.get(key)?.size === 0) parent.delete(key)
}
