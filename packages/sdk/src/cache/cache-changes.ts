import type { ChangeListener } from '../changes/change-listener.ts'
import type { Clock } from '../clock.ts'
import type { Background } from './background.ts'
import {
  type CacheChange,
  type ConnectionCacheChange,
  isOfTenant,
  type TenantCacheChange,
} from './cache-change.ts'
import { type Effect, effectOf } from './effect.ts'
import type { Entries } from './entries.ts'
import type { Entry } from './entry.ts'
import { type Identity, tenantOwned } from './entry-index.ts'
import type { Freshness } from './freshness.ts'
import type { Generations } from './generations.ts'
import type { Loader } from './loader.ts'
import type { LogCoverage } from './log-coverage.ts'
import type { Sweeper } from './sweeper.ts'

export interface CacheChangeParts {
  readonly entries: Entries
  readonly clock: Clock
  readonly coverage: LogCoverage
  readonly freshness: Freshness
  readonly generations: Generations
  readonly loader: Pick<Loader, 'underWay'>
  readonly background: Background
  readonly sweeper: Pick<Sweeper, 'postponeLog'>
  readonly random: () => number
}

/**
 * All holders of a credential learn at the same time that it was replaced. Each asks for the new one within
 * this time, at a moment of its own, unless a read comes first.
 */
const replaceWithinMs = 500

/** What a change does to the credentials that are held. */
export class CacheChanges implements ChangeListener {
  readonly #parts: CacheChangeParts

  constructor(parts: CacheChangeParts) {
    this.#parts = parts
  }

  coverFromNow(): void {
    const { coverage, clock, sweeper, entries, background } = this.#parts
    coverage.begin(clock.now())
    sweeper.postponeLog()
    // What was read before may have changed before the log was read.
    for (const entry of entries.all()) {
      if (entry.credential !== undefined) background.add(entry)
    }
  }

  validated(atMs: number): void {
    this.#parts.coverage.extendTo(atMs)
  }

  flush(): void {
    this.#parts.entries.removeAll('flush')
  }

  refuse(): void {
    this.#parts.entries.removeAll('unauthorized')
  }

  apply(change: CacheChange): void {
    if (isOfTenant(change)) this.#evictTenant(change)
    else this.#applyToConnection(change, true)
  }

  /** Of an event of the stream nothing is remembered, or one lie would refuse every answer. */
  suspect(change: CacheChange): void {
    if (isOfTenant(change)) this.#evictTenant(change)
    else this.#applyToConnection(change, false)
  }

  /** What it may do, or how, is another thing now, and only the service knows what: whatever was refused, too. */
  #evictTenant({ tenantId, kind }: TenantCacheChange): void {
    const { entries } = this.#parts
    for (const entry of entries.ofTenant(tenantId)) {
      entry.refusal = undefined
      entries.evict(entry, kind)
    }
  }

  #applyToConnection(change: ConnectionCacheChange, isAnswered: boolean): void {
    const { entries, generations, loader } = this.#parts
    const effect = effectOf(change.kind)
    if (isAnswered && effect.is === 'replaced')
      generations.see(change.connectionId, change.generation)
    const concerned = entries.concernedBy(change)
    // A first read may be under way with the host spelt in another way.
    for (const entry of loader.underWay) {
      if (isOfSameUser(entry.identity, change)) concerned.add(entry)
    }
    for (const entry of concerned) this.#applyToEntry(entry, change, effect)
  }

  #applyToEntry(entry: Entry, change: ConnectionCacheChange, effect: Effect): void {
    const { connectionId, generation } = change
    const { credential: held } = entry
    const isSame = held?.connectionId === connectionId
    if (isSame && generation < held.generation) return
    entry.refusal = undefined
    if (effect.is === 'withdrawn') {
      if (held === undefined || isSame) this.#parts.entries.evict(entry, effect.reason)
    } else if (effect.is === 'replaced') {
      entry.successor = { connectionId, generation }
      if (held !== undefined && !(isSame && generation === held.generation)) this.#replace(entry)
    }
  }

  /** The old one is not served any more. The new one is asked for ahead of need, if there is any. */
  #replace(entry: Entry): void {
    const { entries, freshness, clock, background, random } = this.#parts
    if (freshness.isIdle(entry, clock.now())) {
      entries.remove(entry, 'idle')
      return
    }
    entries.evict(entry, 'replaced')
    if (!background.isOn) return
    entry.isAwaited = true
    background.addLater(entry, random() * replaceWithinMs, () => entry.isAwaited)
  }
}

function isOfSameUser(identity: Identity, change: ConnectionCacheChange): boolean {
  return (
    identity.userId === (change.userId ?? tenantOwned) &&
    identity.tenantId === change.tenantId &&
    identity.provider === change.provider
  )
}
