import { defaultConnectionName } from '@keywell/protocol'

/** What separates one credential from another. */
export interface Identity {
  readonly provider: string
  readonly tenantId: string
  readonly userId: string
  /** Name of the connection; `default` unless told. */
  readonly connection?: string | undefined
  /** Undefined: the one host on which the user has connected the provider. */
  readonly host?: string | undefined
}

type Tenants<Value> = Map<string, Map<string, Value>>

/** Where provider, connection name and host lead to. */
interface Branch<Value> extends Pick<Identity, 'provider' | 'connection' | 'host'> {
  readonly tenants: Tenants<Value>
}

/**
 * Finds a value by identity without building a key: maps inside maps, so that a look-up allocates
 * nothing and no two identities can collide, whatever characters they contain.
 *
 * Provider, connection name and host have few values and come first. Where they led is remembered,
 * because a call site asks for the same three again and again; such a look-up costs two maps.
 */
export class EntryIndex<Value> {
  readonly #providers = new Map<string, Map<string, Map<string | undefined, Tenants<Value>>>>()
  #last: Branch<Value> | undefined

  /** Undefined, from a caller without types, names nothing. */
  find(identity: Identity | undefined): Value | undefined {
    if (identity === undefined) return undefined
    const last = this.#last
    const tenants =
      last !== undefined && leadsTo(last, identity) ? last.tenants : this.#findBranch(identity)
    return tenants?.get(identity.tenantId)?.get(identity.userId)
  }

  add(identity: Identity, value: Value): void {
    const connections = childOf(this.#providers, identity.provider)
    const hosts = childOf(connections, identity.connection ?? defaultConnectionName)
    const tenants = childOf(hosts, identity.host)
    childOf(tenants, identity.tenantId).set(identity.userId, value)
  }

  remove(identity: Identity): void {
    const connection = identity.connection ?? defaultConnectionName
    const connections = this.#providers.get(identity.provider)
    const hosts = connections?.get(connection)
    const tenants = hosts?.get(identity.host)
    tenants?.get(identity.tenantId)?.delete(identity.userId)
    dropIfEmpty(tenants, identity.tenantId)
    dropIfEmpty(hosts, identity.host)
    dropIfEmpty(connections, connection)
    dropIfEmpty(this.#providers, identity.provider)
    // It may have been dropped just now.
    this.#last = undefined
  }

  #findBranch(identity: Identity): Tenants<Value> | undefined {
    const tenants = this.#providers
      .get(identity.provider)
      ?.get(identity.connection ?? defaultConnectionName)
      ?.get(identity.host)
    if (tenants !== undefined) {
      const { provider, connection, host } = identity
      this.#last = { provider, connection, host, tenants }
    }
    return tenants
  }
}

function leadsTo(branch: Branch<unknown>, identity: Identity): boolean {
  return (
    branch.provider === identity.provider &&
    branch.connection === identity.connection &&
    branch.host === identity.host
  )
}

function childOf<Key, ChildKey, Child>(
  parent: Map<Key, Map<ChildKey, Child>>,
  key: Key,
): Map<ChildKey, Child> {
  const known = parent.get(key)
  if (known !== undefined) return known
  const made = new Map<ChildKey, Child>()
  parent.set(key, made)
  return made
}

function dropIfEmpty<Key>(parent: Map<Key, { readonly size: number }> | undefined, key: Key): void {
  if (parent?.get(key)?.size === 0) parent.delete(key)
}
