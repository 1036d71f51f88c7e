import {
  type KeywellError,
  maxReadWaitMs,
  type ProviderName,
  type ReadCredential,
  type ReadCredentialAnswer,
  readCredentialSchema,
  type ScopeName,
} from '@keywell/protocol'
import { Clock } from '../clock.ts'
import { Credential } from '../credential.ts'
import { callHook, type EvictReason, type Hooks } from '../hooks.ts'
import { parseInput } from '../request.ts'
import { Background } from './background.ts'
import type { ChangeNews, ConnectionNews } from './change-news.ts'
import { type Effect, effectOf } from './effect.ts'
import { Entries } from './entries.ts'
import { Entry, type LoadRequest } from './entry.ts'
import type { Identity } from './entry-index.ts'
import { copyOf, expired, negativeTtlMs, reasonOf } from './failures.ts'
import { type Bounds, Freshness } from './freshness.ts'
import { Generations } from './generations.ts'
import { Loader, type LoadOptions } from './loader.ts'
import { LogCoverage } from './log-coverage.ts'
import { grantsAll, knownForScopes, variantOf } from './scopes.ts'
import { type ReadOptions, untilRenewed } from './waiting.ts'

/** Which credential, and what for. */
export interface CredentialQuery {
  readonly provider: ProviderName
  readonly tenantId: string
  readonly userId: string
  /** Needed only where the user has connected the provider on more than one host. */
  readonly host?: string | undefined
  /** Name of the connection; `default` unless told. */
  readonly connectionName?: string | undefined
  /** Scopes about to be used; those not granted come back as `missingScopes`. */
  readonly scopes?: readonly ScopeName[] | undefined
}

export interface CacheParts extends Bounds {
  readonly read: (query: ReadCredential) => Promise<ReadCredentialAnswer>
  /** Has the change log read on, which may vouch for what is held. Must not throw. */
  readonly readLog: () => void
  /** Undefined: the machine's own, which does not jump but for pauses. */
  readonly now: (() => number) | undefined
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
  readonly random: () => number
  /** Timers and calls end with the request that began them: see `endsWorkWithRequest`. */
  readonly isShortLived: boolean
  readonly hooks: Hooks
  readonly maxEntries: number
  /** How long a read waits for a refresh that is under way, unless its call says. */
  readonly waitMs: number
  readonly requestTimeoutMs: number
}

/** Milliseconds between two looks at everything that is held. */
const sweepMs = 1_000
/** Requests in the background at once. */
const backgroundLimit = 16
/**
 * Everybody who holds a credential hears at the same time that it was replaced: they ask for the new one
 * within this time, each at a moment of its own, unless a read comes first.
 */
const replaceWithinMs = 500

/**
 * Credentials in memory. A hit is a look-up and one flag; the rest decides when that flag is set.
 *
 * The bound: what is held is served for `maxStaleMs` after the service last vouched for it. It vouches
 * by its answers alone: to the read of a credential, and to the read of the change log, where an answer
 * covers all that is held. What the stream tells can evict or shorten, never bring back or prolong.
 */
export class CredentialCache {
  readonly #parts: CacheParts
  readonly #clock: Clock
  /** Beside the other parts, because it is looked at on every hit. */
  readonly #onHit: Hooks['onHit']
  readonly #entries: Entries
  readonly #coverage = new LogCoverage()
  readonly #freshness: Freshness
  readonly #generations: Generations
  readonly #loader: Loader
  readonly #background: Background<Entry>
  #sweeper: NodeJS.Timeout | undefined
  #logDueAtMs = Number.NEGATIVE_INFINITY
  /** The clocks were looked at in this turn of the event loop. */
  #hasLooked = false
  #isClosed = false

  constructor(parts: CacheParts) {
    this.#parts = parts
    const { wallNow: wall, now: monotonic = () => performance.now() } = parts
    this.#clock = new Clock({ monotonic, wall }, () => this.#doubt())
    this.#onHit = parts.hooks.onHit
    this.#freshness = new Freshness(this.#clock, this.#coverage, parts)
    this.#entries = new Entries(parts.maxEntries, (entry) => this.#evict(entry, 'full'))
    this.#generations = new Generations(parts.maxEntries)
    this.#loader = new Loader({
      read: parts.read,
      clock: this.#clock,
      isShared: !parts.isShortLived,
      coverage: this.#coverage,
      generations: this.#generations,
      take: (entry, answer, asked) => this.#take(entry, answer, asked),
      fail: (entry, error, options) => this.#afterFailure(entry, error, options),
      lookAgain: (entry) => this.#askLater(entry),
    })
    this.#background = new Background(backgroundLimit, async (entry) => {
      // What went wrong was told to `onError`, and is tried again when it is due.
      await this.#loader.load(entry, { background: true }).catch(() => {})
    })
  }

  get(query: CredentialQuery, options: ReadOptions = noOptions): Promise<Credential> {
    const entry = this.#entries.find(query)
    if (
      entry?.ready !== undefined &&
      (this.#hasLooked || this.#look()) &&
      entry.isFresh &&
      query.scopes === undefined
    ) {
      this.#hit(entry)
      return entry.ready
    }
    return this.#getSlowly(query, options)
  }

  /** What is held, or undefined; never waits. */
  getSync(query: CredentialQuery): Credential | undefined {
    const entry = this.#entries.find(query)
    if (entry === undefined) return undefined
    const isFresh = (this.#hasLooked || this.#look()) && entry.isFresh
    const credential = isFresh ? entry.credential : this.#servable(entry)
    if (credential === undefined) return undefined
    this.#hit(entry)
    return query.scopes === undefined ? credential : knownForScopes(entry, credential, query.scopes)
  }

  /** Like `get`, but of this generation or a later one, unless the service finds the held one alive. */
  async getAtLeast(
    query: CredentialQuery,
    minGeneration: number,
    options: ReadOptions = noOptions,
  ): Promise<Credential> {
    const entry = this.#entryOf(query)
    return this.#untilRenewed(options, async (waitMs) => {
      // An answer under way may have it already; whether it failed is found out below.
      await entry.pending?.catch(() => {})
      const held = this.#servable(entry)
      if (held !== undefined && held.generation >= minGeneration) return held
      return this.#loader.load(entry, { minGeneration, waitMs })
    })
  }

  /** The service lets a call wait, but not for so long that the call could be taken for lost. */
  #untilRenewed<Result>(
    options: ReadOptions,
    ask: (waitMs: number) => Result | Promise<Result>,
  ): Promise<Result> {
    const { waitMs, requestTimeoutMs } = this.#parts
    const longestMs = Math.min(requestTimeoutMs / 2, maxReadWaitMs)
    return untilRenewed((leftMs) => ask(Math.floor(Math.min(leftMs, longestMs))), {
      waitMs: options.waitMs ?? waitMs,
      signal: options.signal,
    })
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

  /** Milliseconds since some beginning, pauses included. */
  now(): number {
    return this.#clock.now()
  }

  // What has changed

  /** From now on the log tells every change. What was read before is looked at again. */
  coverFromNow(): void {
    this.#coverage.begin(this.#clock.now())
    this.#logDueAtMs = this.#nextLogRead()
    for (const entry of this.#entries.all()) {
      if (entry.credential !== undefined) this.#askLater(entry)
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

  /** The service no longer takes the API key: drops everything. */
  refuse(): void {
    for (const entry of this.#entries.all()) this.#remove(entry, 'unauthorized')
  }

  /** The service answered that this has happened. */
  apply(news: ChangeNews): void {
    if (news.kind === 'policy') this.#forgetTenant(news.tenantId)
    else this.#learn(news, true)
  }

  /** The stream says so: nothing of what it says is remembered, or one lie would refuse every answer. */
  suspect(news: ChangeNews): void {
    if (news.kind === 'policy') this.#forgetTenant(news.tenantId)
    else this.#learn(news, false)
  }

  /** What it may do is another thing now, and only the service knows what: whatever was refused, too. */
  #forgetTenant(tenantId: string): void {
    for (const entry of this.#entries.ofTenant(tenantId)) {
      entry.refusal = undefined
      this.#evict(entry, 'policy')
    }
  }

  #learn(news: ConnectionNews, isAnswered: boolean): void {
    const effect = effectOf(news.kind)
    if (isAnswered && effect.is === 'replaced') {
      this.#generations.see(news.connectionId, news.generation)
    }
    const concerned = this.#entries.concernedBy(news)
    // A first read may be under way with the host spelt in another way.
    for (const entry of this.#loader.underWay)
      if (isOfSameUser(entry.identity, news)) concerned.add(entry)
    for (const entry of concerned) this.#learnOf(entry, news, effect)
  }

  #learnOf(entry: Entry, news: ConnectionNews, effect: Effect): void {
    const { credential: held } = entry
    const isSame = held?.connectionId === news.connectionId
    if (isSame && news.generation < held.generation) return
    entry.refusal = undefined
    if (effect.is === 'withdrawn') {
      if (held === undefined || isSame) this.#evict(entry, effect.reason)
    } else if (effect.is === 'replaced') {
      entry.successor = { connectionId: news.connectionId, generation: news.generation }
      if (held !== undefined && !(isSame && news.generation === held.generation)) {
        this.#replace(entry)
      }
    }
  }

  /** The old one is not served any more. The new one is asked for ahead of need, if there is any. */
  #replace(entry: Entry): void {
    if (this.#freshness.isIdle(entry, this.#clock.now())) {
      this.#remove(entry, 'idle')
      return
    }
    this.#evict(entry, 'replaced')
    if (this.#parts.isShortLived) return
    entry.isAwaited = true
    const delayMs = this.#parts.random() * replaceWithinMs
    this.#background.addLater(entry, delayMs, () => entry.isAwaited)
  }

  // Reading what is held

  #hit(entry: Entry): void {
    entry.isUsed = true
    if (this.#onHit === undefined || entry.credential === undefined) return
    const { connectionId, generation } = entry.credential
    callHook(this.#onHit, { connectionId, generation })
  }

  async #getSlowly(query: CredentialQuery, options: ReadOptions): Promise<Credential> {
    const entry = this.#entryOf(query)
    const { refusal } = entry
    if (refusal !== undefined && this.#clock.now() < refusal.untilMs) throw copyOf(refusal.error)
    let credential = this.#servable(entry)
    if (credential === undefined) {
      entry.isUsed = true
      credential = await this.#untilRenewed(
        options,
        // Another caller may have got it while this one paused.
        (waitMs) => this.#servable(entry) ?? this.#loader.load(entry, { waitMs }),
      )
    } else {
      this.#hit(entry)
    }
    return query.scopes === undefined
      ? credential
      : this.#forScopes(entry, credential, query.scopes)
  }

  /** What may be handed out without waiting. Starts the search for a newer one when that is due. */
  #servable(entry: Entry): Credential | undefined {
    const nowMs = this.#clock.now()
    if (!this.#freshness.mayServe(entry, nowMs)) return undefined
    if (this.#freshness.mustAsk(entry, nowMs)) return undefined
    if (nowMs >= entry.softAtMs && nowMs >= entry.retryAtMs) this.#askLater(entry)
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
    const promise = this.#loader.loadForScopes(entry, scopes)
    const variant = entry.remember(key, promise)
    try {
      variant.credential = await promise
    } catch (error) {
      if (entry.variants?.get(key) === variant) entry.variants.delete(key)
      throw error
    }
    return promise
  }

  // What the service answered

  /** Holds what was answered. Undefined: the answer compares with something that is not held. */
  #take(entry: Entry, answer: ReadCredentialAnswer, asked: LoadRequest): Credential | undefined {
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
    this.#generations.see(credential.connectionId, credential.generation)
    const nowMs = this.#clock.now()
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
  #afterFailure(
    entry: Entry,
    error: KeywellError,
    { background = false, minGeneration }: LoadOptions,
  ): Credential {
    callHook(this.#parts.hooks.onError, { error, background })
    const nowMs = this.#clock.now()
    const rememberMs = negativeTtlMs(error)
    if (rememberMs !== undefined) {
      this.#evict(entry, reasonOf(error))
      entry.refusal = { error, untilMs: nowMs + rememberMs }
      throw error
    }
    if (error.code === 'unauthorized') {
      this.refuse()
      throw error
    }
    entry.failed(nowMs, error.code === 'unavailable')
    // What the provider refused is no answer while its successor is on the way.
    if (minGeneration !== undefined && error.code === 'refresh_in_progress') throw error
    if (entry.credential !== undefined && this.#freshness.mayServe(entry, nowMs))
      return entry.credential
    throw error
  }

  // Keeping

  #entryOf(query: CredentialQuery): Entry {
    if (this.#isClosed) throw new TypeError('This Keywell was closed. Make a new one.')
    const known = this.#entries.find(query)
    if (known !== undefined) return known
    const asked = parseInput(readCredentialSchema, query, 'getCredential')
    const { provider, tenantId, userId, connectionName, host } = asked
    const identity = { provider, tenantId, userId, connectionName, host }
    const entry = new Entry(identity, this.#parts.random(), this.#clock.now())
    this.#entries.add(entry)
    if (this.#sweeper === undefined && !this.#parts.isShortLived) {
      this.#sweeper = setInterval(() => this.#sweep(), sweepMs)
      this.#sweeper.unref?.()
    }
    return entry
  }

  /** Ahead of need, in the background; where there is none, the read that needs it will ask. */
  #askLater(entry: Entry): void {
    if (!this.#parts.isShortLived) this.#background.add(entry)
  }

  /** The one timer: keeps used entries fresh, lets the others go, and judges who is fresh. */
  #sweep(): void {
    const nowMs = this.#clock.now()
    if (nowMs >= this.#logDueAtMs) {
      this.#logDueAtMs = this.#nextLogRead()
      this.#parts.readLog()
    }
    for (const entry of this.#entries.all()) {
      if (entry.isUsed) {
        entry.isUsed = false
        entry.usedAtMs = nowMs
        this.#entries.touch(entry)
      }
      this.#judge(entry, nowMs)
      if (this.#freshness.isOver(entry, nowMs)) this.#remove(entry, 'idle')
      else if (this.#freshness.isDue(entry, nowMs)) this.#askLater(entry)
    }
    if (this.#entries.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /** Before the entries that it vouches for are asked for one by one. */
  #nextLogRead(): number {
    return this.#clock.now() + this.#parts.maxStaleMs / 3
  }

  /**
   * A hit does not look at the clock, which would cost as much as all the rest: fresh is what stays
   * fresh until the sweep after the next one. Timers run before the requests that came meanwhile, so
   * a sweep is late only for reads inside the task that made it late. A pause is seen by `look`.
   *
   * A clock that was passed in may jump; with one, every read looks at it.
   */
  #judge(entry: Entry, nowMs: number): void {
    entry.isFresh =
      this.#parts.now === undefined &&
      !this.#parts.isShortLived &&
      this.#freshness.isFresh(entry, nowMs + 2 * sweepMs)
  }

  /**
   * Looks for a pause, once in each turn of the event loop: a process that is suspended is so between
   * two of them. Where there is no telling turns apart, every read looks.
   */
  #look(): true {
    this.#clock.now()
    if (this.#parts.isShortLived || globalThis.setImmediate === undefined) return true
    this.#hasLooked = true
    setImmediate(() => {
      this.#hasLooked = false
    })
    return true
  }

  /** After a pause nothing is fresh before the service was asked. */
  #doubt(): void {
    for (const entry of this.#entries.all()) entry.isFresh = false
  }

  /** Drops what is held; the entry stays, and takes what comes next. */
  #evict(entry: Entry, reason: EvictReason): void {
    const { credential } = entry
    // An answer under way may be the successor.
    if (reason === 'replaced') entry.release()
    else entry.drop()
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

const noOptions: ReadOptions = Object.freeze({})

function isOfSameUser(identity: Identity, news: ConnectionNews): boolean {
  return (
    identity.userId === news.userId &&
    identity.tenantId === news.tenantId &&
    identity.provider === news.provider
  )
}
