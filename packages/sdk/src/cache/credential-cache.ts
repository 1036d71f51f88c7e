import {
  type ConnectionId,
  type KeywellError,
  type ReadCredential,
  type ReadCredentialAnswer,
  readCredentialSchema,
} from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import { Credential } from '../credential.ts'
import { callHook, type EvictReason, type Hooks } from '../hooks.ts'
import { parseInput } from '../service.ts'
import { Background } from './background.ts'
import type { ChangeNews } from './change-news.ts'
import { Coverage } from './coverage.ts'
import { Entries } from './entries.ts'
import { Entry, type Question } from './entry.ts'
import type { Identity } from './entry-index.ts'
import { asKeywellError, copyOf, expired, overtaken, tooOld, verdictMs } from './failures.ts'
import { type Bounds, Freshness } from './freshness.ts'
import { grantsAll, knownForScopes, variantOf } from './scopes.ts'

/** Which credential, and what for. */
export interface CredentialQuery {
  readonly provider: string
  readonly tenantId: string
  readonly userId: string
  /** Needed only where the user has connected the provider on more than one host. */
  readonly host?: string | undefined
  /** Name of the connection; `default` unless told. */
  readonly connection?: string | undefined
  /** Scopes about to be used; those not granted come back as `missingScopes`. */
  readonly scopes?: readonly string[] | undefined
}

export interface CacheParts extends Bounds {
  readonly read: (query: ReadCredential) => Promise<ReadCredentialAnswer>
  /** Monotonic milliseconds; the machine's clock unless one was passed in. */
  readonly now: (() => number) | undefined
  readonly random: () => number
  readonly hooks: Hooks
  readonly maxEntries: number
}

/** Milliseconds between two looks at everything that is held. */
const sweepMs = 1_000
/** Requests in the background at once. */
const backgroundLimit = 16
/** Times that the service is asked when its answers are overtaken by changes. */
const maxAsks = 3

/**
 * Credentials in memory. A hit is a look-up and one flag; the rest decides when that flag is set.
 *
 * The bound: what is held is served while the service vouches for it, and `maxStaleMs` longer. It
 * vouches when it is asked, and by every heartbeat of a change stream that has been whole since.
 * What the stream tells can evict or shorten, never bring back.
 */
export class CredentialCache {
  readonly #parts: CacheParts
  readonly #now: () => number
  /** Beside the other parts, because it is looked at on every hit. */
  readonly #onHit: Hooks['onHit']
  readonly #entries: Entries
  readonly #coverage = new Coverage()
  readonly #freshness: Freshness
  /** The highest generation seen: nothing below it is taken any more. */
  readonly #seen: LRUCache<ConnectionId, number>
  /** Entries with a request under way. */
  readonly #asking = new Set<Entry>()
  readonly #background: Background<Entry>
  #sweeper: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => performance.now())
    this.#onHit = parts.hooks.onHit
    this.#freshness = new Freshness(this.#coverage, parts)
    this.#entries = new Entries(parts.maxEntries, (entry) => this.#evict(entry, 'full'))
    this.#seen = new LRUCache({ max: parts.maxEntries })
    this.#background = new Background(backgroundLimit, async (entry) => {
      // What went wrong was told to `onError`, and is tried again when it is due.
      await this.#refresh(entry, { background: true }).catch(() => {})
    })
  }

  get(query: CredentialQuery): Promise<Credential> {
    const entry = this.#entries.find(query)
    if (entry?.ready !== undefined && entry.isFresh && query.scopes === undefined) {
      this.#hit(entry)
      return entry.ready
    }
    return this.#getSlowly(query)
  }

  /** What is held, or undefined; never waits. */
  getSync(query: CredentialQuery): Credential | undefined {
    const entry = this.#entries.find(query)
    if (entry === undefined) return undefined
    const credential = entry.isFresh ? entry.credential : this.#servable(entry)
    if (credential === undefined) return undefined
    this.#hit(entry)
    return query.scopes === undefined ? credential : knownForScopes(entry, credential, query.scopes)
  }

  /** Like `get`, but of this generation or a later one, unless the service finds the held one alive. */
  async getAtLeast(query: CredentialQuery, minGeneration: number): Promise<Credential> {
    const entry = this.#entryOf(query)
    // An answer under way may have it already; whether it failed is found out below.
    await entry.pending?.catch(() => {})
    const held = this.#servable(entry)
    if (held !== undefined && held.generation >= minGeneration) return held
    return this.#refresh(entry, { minGeneration })
  }

  /** Drops what is held for a query; the next read asks the service. */
  invalidate(query: CredentialQuery): void {
    const entry = this.#entries.find(query)
    if (entry !== undefined) this.#remove(entry, 'invalidated')
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    this.#background.clear()
    for (const entry of this.#entries.all()) this.#entries.remove(entry)
  }

  // What the change stream tells

  /** From now on every change is told. What was read before is looked at again. */
  coverFromNow(): void {
    this.#coverage.begin(this.#now())
    for (const entry of this.#entries.all()) {
      if (entry.credential !== undefined) this.#background.add(entry)
    }
  }

  /** Up to then every change has been told. */
  heard(atMs: number): void {
    this.#coverage.heard(atMs)
  }

  /** Changes may have been missed: drops everything. */
  flush(): void {
    for (const entry of this.#entries.all()) this.#remove(entry, 'flush')
  }

  apply(news: ChangeNews): void {
    const concerned = this.#entries.concernedBy(news)
    // A first read may be under way with the host spelt in another way.
    for (const entry of this.#asking) if (isOfSameUser(entry.identity, news)) concerned.add(entry)
    for (const entry of concerned) this.#learn(entry, news)
  }

  #learn(entry: Entry, news: ChangeNews): void {
    const { credential: held } = entry
    const isSame = held?.connectionId === news.connectionId
    if (isSame && news.generation < held.generation) return
    entry.refusal = undefined
    switch (news.kind) {
      case 'disconnected':
      case 'needs_reauth':
        if (held === undefined || isSame) this.#evict(entry, news.kind)
        break
      case 'connected':
      case 'refreshed':
        this.#see(news.connectionId, news.generation)
        if (held !== undefined && !(isSame && news.generation === held.generation)) {
          this.#lookForNewer(entry)
        }
        break
      default:
        news.kind satisfies never
    }
  }

  #lookForNewer(entry: Entry): void {
    if (this.#freshness.isIdle(entry, this.#now())) {
      this.#remove(entry, 'idle')
    } else {
      entry.shorten()
      this.#background.add(entry)
    }
  }

  // Reading what is held

  #hit(entry: Entry): void {
    entry.isUsed = true
    if (this.#onHit === undefined || entry.credential === undefined) return
    const { connectionId, generation } = entry.credential
    callHook(this.#onHit, { connectionId, generation })
  }

  async #getSlowly(query: CredentialQuery): Promise<Credential> {
    const entry = this.#entryOf(query)
    const { refusal } = entry
    if (refusal !== undefined && this.#now() < refusal.untilMs) throw copyOf(refusal.error)
    let credential = this.#servable(entry)
    if (credential === undefined) {
      entry.isUsed = true
      credential = await this.#refresh(entry, {})
    } else {
      this.#hit(entry)
    }
    return query.scopes === undefined
      ? credential
      : this.#forScopes(entry, credential, query.scopes)
  }

  /** What may be handed out without waiting. Starts the search for a newer one when that is due. */
  #servable(entry: Entry): Credential | undefined {
    const nowMs = this.#now()
    if (!this.#freshness.mayServe(entry, nowMs)) return undefined
    const mayAsk = nowMs >= entry.retryAtMs
    if (mayAsk && this.#freshness.mustAsk(entry, nowMs)) return undefined
    if (nowMs >= entry.softAtMs && mayAsk) this.#background.add(entry)
    return entry.credential
  }

  /**
   * Which of the scopes are missing is for the service to say: one scope may imply another. It is
   * asked once per credential and set of scopes, and not at all when each was granted by name.
   */
  async #forScopes(
    entry: Entry,
    credential: Credential,
    scopes: readonly string[],
  ): Promise<Credential> {
    if (grantsAll(credential, scopes)) return credential
    const key = variantOf(scopes)
    const known = entry.variants?.get(key)
    if (known !== undefined) return known.promise
    const promise = this.#askForScopes(entry, scopes)
    const variant = entry.remember(key, promise)
    try {
      variant.credential = await promise
    } catch (error) {
      if (entry.variants?.get(key) === variant) entry.variants.delete(key)
      throw error
    }
    return promise
  }

  async #askForScopes(entry: Entry, scopes: readonly string[]): Promise<Credential> {
    const answer = await this.#parts.read({ ...requestOf(entry.identity), scopes: [...scopes] })
    const seen = this.#highestSeen(answer.connectionId)
    if (answer.unchanged || answer.generation < seen) throw tooOld(answer, seen)
    return new Credential(answer)
  }

  // Asking the service

  /** One request per entry, however many readers wait for it. */
  #refresh(entry: Entry, how: RefreshOptions): Promise<Credential> {
    entry.pending ??= this.#ask(entry, how)
    return entry.pending
  }

  async #ask(entry: Entry, how: RefreshOptions): Promise<Credential> {
    this.#asking.add(entry)
    try {
      const credential = await this.#askUntilTaken(entry, how.minGeneration)
      entry.pending = undefined
      // The stream began while this was under way. What happened in between nobody told: look again.
      if (entry.checked.stretch !== this.#coverage.stretch) this.#background.add(entry)
      return credential
    } catch (error) {
      return this.#afterFailure(entry, asKeywellError(error), how.background === true)
    } finally {
      this.#asking.delete(entry)
      entry.pending = undefined
    }
  }

  async #askUntilTaken(entry: Entry, minGeneration: number | undefined): Promise<Credential> {
    for (let asks = 1; ; asks += 1) {
      const { epoch, credential: held } = entry
      const asked = { atMs: this.#now(), stretch: this.#coverage.stretch }
      const answer = await this.#parts.read({
        ...requestOf(entry.identity),
        ...(minGeneration === undefined ? { ifNewerThan: held?.generation } : { minGeneration }),
      })
      const seen = this.#highestSeen(answer.connectionId)
      const isCurrent = epoch === entry.epoch && answer.generation >= seen
      const credential = isCurrent ? this.#take(entry, answer, asked) : undefined
      if (credential !== undefined) return credential
      if (asks === maxAsks) throw answer.generation < seen ? tooOld(answer, seen) : overtaken()
    }
  }

  /** Holds what was answered. Undefined: the answer compares with something that is not held. */
  #take(entry: Entry, answer: ReadCredentialAnswer, asked: Question): Credential | undefined {
    const { credential: held } = entry
    const isSame =
      held?.connectionId === answer.connectionId && held.generation === answer.generation
    if (answer.unchanged && !isSame) {
      this.#evict(entry, 'disconnected')
      return undefined
    }
    if (answer.expiresInMs !== null && answer.expiresInMs <= 0) throw expired(answer)
    const credential = isSame || answer.unchanged ? held : new Credential(answer)
    if (credential === undefined) return undefined
    if (held !== undefined) this.#entries.unlink(entry, held.connectionId)
    this.#entries.link(entry, credential.connectionId)
    this.#see(credential.connectionId, credential.generation)
    const nowMs = this.#now()
    entry.hold(credential, answer.expiresInMs, asked)
    entry.waitForNewer(nowMs)
    this.#judge(entry, nowMs)
    const { connectionId, generation } = credential
    const durationMs = nowMs - asked.atMs
    callHook(this.#parts.hooks.onRefresh, {
      connectionId,
      generation,
      changed: !isSame,
      durationMs,
    })
    return credential
  }

  /** A verdict ends what is held; any other failure does not, as long as the bound allows. */
  #afterFailure(entry: Entry, error: KeywellError, background: boolean): Credential {
    callHook(this.#parts.hooks.onError, { error, background })
    const nowMs = this.#now()
    const rememberMs = verdictMs(error)
    if (rememberMs !== undefined) {
      this.#evict(entry, error.code === 'needs_reauth' ? 'needs_reauth' : 'disconnected')
      entry.refusal = { error, untilMs: nowMs + rememberMs }
      throw error
    }
    entry.failed(nowMs, error.code === 'unavailable')
    if (entry.credential !== undefined && this.#freshness.mayServe(entry, nowMs))
      return entry.credential
    throw error
  }

  #see(connectionId: ConnectionId, generation: number): void {
    this.#seen.set(connectionId, Math.max(generation, this.#highestSeen(connectionId)))
  }

  #highestSeen(connectionId: ConnectionId): number {
    return this.#seen.get(connectionId) ?? 0
  }

  // Keeping

  #entryOf(query: CredentialQuery): Entry {
    if (this.#isClosed) throw new TypeError('This Keywell was closed. Make a new one.')
    const known = this.#entries.find(query)
    if (known !== undefined) return known
    const asked = parseInput(readCredentialSchema, query, 'getCredential')
    const { provider, tenantId, userId, connection, host } = asked
    const identity = { provider, tenantId, userId, connection, host }
    const entry = new Entry(identity, this.#parts.random(), this.#now())
    this.#entries.add(entry)
    if (this.#sweeper === undefined) {
      this.#sweeper = setInterval(() => this.#sweep(), sweepMs)
      this.#sweeper.unref?.()
    }
    return entry
  }

  /** The one timer: keeps used entries fresh, lets the others go, and judges who is fresh. */
  #sweep(): void {
    const nowMs = this.#now()
    for (const entry of this.#entries.all()) {
      if (entry.isUsed) {
        entry.isUsed = false
        entry.usedAtMs = nowMs
        this.#entries.touch(entry)
      }
      this.#judge(entry, nowMs)
      if (this.#freshness.isOver(entry, nowMs)) this.#remove(entry, 'idle')
      else if (this.#freshness.isDue(entry, nowMs)) this.#background.add(entry)
    }
    if (this.#entries.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /**
   * A hit does not look at the clock, which would cost as much as all the rest: fresh is what stays
   * fresh until the sweep after the next one. Timers run before the requests that came meanwhile, so
   * a sweep is late only for reads inside the task that made it late.
   *
   * A clock that was passed in may jump; with one, every read looks at it.
   */
  #judge(entry: Entry, nowMs: number): void {
    entry.isFresh =
      this.#parts.now === undefined && this.#freshness.isFresh(entry, nowMs + 2 * sweepMs)
  }

  /** Drops what is held; the entry stays, and takes what comes next. */
  #evict(entry: Entry, reason: EvictReason): void {
    const { credential } = entry
    entry.drop()
    if (credential === undefined) return
    const { connectionId, generation } = credential
    this.#entries.unlink(entry, connectionId)
    callHook(this.#parts.hooks.onEvict, { connectionId, generation, reason })
  }

  #remove(entry: Entry, reason: EvictReason): void {
    this.#evict(entry, reason)
    this.#entries.remove(entry)
  }
}

interface RefreshOptions {
  readonly minGeneration?: number
  /** Nobody waits for it. */
  readonly background?: boolean
}

function requestOf({ provider, tenantId, userId, connection, host }: Identity): ReadCredential {
  return { provider, tenantId, userId, connection, host }
}

function isOfSameUser(identity: Identity, news: ChangeNews): boolean {
  return (
    identity.userId === news.userId &&
    identity.tenantId === news.tenantId &&
    identity.provider === news.provider
  )
}
