import type { ConnectionId } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import { callHook, type EvictReason, type Hooks } from '../hooks.ts'
import type { ConnectionCacheChange } from './cache-change.ts'
import type { Entry } from './entry.ts'
import { EntryIndex, type Identity, tenantOwned } from './entry-index.ts'

/**
 * All entries, at most `max` of them: found by identity on a read, by connection on a change.
 *
 * `lru-cache` keeps the bound and the order of use. A hit does not move its entry there, because that
 * costs as much as the hit; `touch` does it once per sweep.
 */
export class Entries {
  readonly #index = new EntryIndex<Entry>()
  readonly #byConnection = new Map<ConnectionId, readonly Entry[]>()
  readonly #byUse: LRUCache<Entry, Entry>
  readonly #onEvict: Hooks['onEvict']

  constructor(max: number, onEvict: Hooks['onEvict']) {
    this.#onEvict = onEvict
    this.#byUse = new LRUCache({
      max,
      dispose: (entry, _, reason) => {
        this.#index.remove(entry.identity)
        if (reason === 'evict') this.evict(entry, 'full')
      },
    })
  }

  get size(): number {
    return this.#byUse.size
  }

  find(identity: Identity | undefined): Entry | undefined {
    return this.#index.find(identity)
  }

  add(entry: Entry): void {
    this.#byUse.set(entry, entry)
    this.#index.add(entry)
  }

  /** It was used since it was last touched. */
  touch(entry: Entry): void {
    this.#byUse.get(entry)
  }

  /** Drops what is held; the entry stays, and takes what comes next. */
  evict(entry: Entry, reason: EvictReason): void {
    const { credential } = entry
    // An answer under way may be the successor.
    if (reason === 'replaced') entry.release()
    else entry.drop()
    if (credential === undefined) return
    const { connectionId, generation } = credential
    this.unlink(entry, connectionId)
    callHook(this.#onEvict, { connectionId, generation, reason })
  }

  /** Drops what is held, and the entry. */
  remove(entry: Entry, reason: EvictReason): void {
    this.evict(entry, reason)
    this.#byUse.delete(entry)
  }

  removeAll(reason: EvictReason): void {
    for (const entry of this.all()) this.remove(entry, reason)
  }

  /** The end: no eviction is reported. */
  forgetAll(): void {
    this.#byUse.clear()
  }

  /** After a pause nothing is fresh before the service was asked. */
  markAllStale(): void {
    for (const entry of this.#byUse.values()) entry.isFresh = false
  }

  /** All of a tenant. */
  ofTenant(tenantId: string): Entry[] {
    return this.all().filter(({ identity }) => identity.tenantId === tenantId)
  }

  /** A copy, so that entries may go while one walks through it. */
  all(): Entry[] {
    return [...this.#byUse.values()]
  }

  /** The entry holds a credential of this connection. One that has gone meanwhile is left alone. */
  link(entry: Entry, connectionId: ConnectionId): void {
    if (!this.#byUse.has(entry)) return
    const linked = this.#byConnection.get(connectionId)
    if (linked === undefined) this.#byConnection.set(connectionId, [entry])
    else if (!linked.includes(entry)) this.#byConnection.set(connectionId, [...linked, entry])
  }

  unlink(entry: Entry, connectionId: ConnectionId): void {
    const rest = this.#byConnection.get(connectionId)?.filter((linked) => linked !== entry) ?? []
    if (rest.length > 0) this.#byConnection.set(connectionId, rest)
    else this.#byConnection.delete(connectionId)
  }

  /** Those that hold the connection, and those that would hold it by their identity. */
  concernedBy(change: ConnectionCacheChange): Set<Entry> {
    const { provider, tenantId, name: connectionName } = change
    const userId = change.userId ?? tenantOwned
    const concerned = new Set(this.#byConnection.get(change.connectionId))
    for (const host of [change.host, undefined]) {
      const entry = this.#index.find({ provider, tenantId, userId, connectionName, host })
      if (entry !== undefined) concerned.add(entry)
    }
    return concerned
  }
}
