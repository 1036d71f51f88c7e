import type { ReadCredential, ReadCredentialAnswer } from '@keywell/protocol'
import type { ChangeListener } from '../changes/change-listener.ts'
import { Clock } from '../clock.ts'
import type { Credential } from '../credential.ts'
import type { Hooks } from '../hooks.ts'
import { Answers } from './answers.ts'
import { Background } from './background.ts'
import { CacheChanges } from './cache-changes.ts'
import { Entries } from './entries.ts'
import { type Entry, reportHit } from './entry.ts'
import { type Bounds, Freshness } from './freshness.ts'
import { Generations } from './generations.ts'
import { Loader } from './loader.ts'
import { LogCoverage } from './log-coverage.ts'
import { type CredentialQuery, fallbackOf, identityOf } from './query.ts'
import { Reads } from './reads.ts'
import { knownForScopes } from './scopes.ts'
import { Sweeper } from './sweeper.ts'
import type { ReadOptions } from './waiting.ts'

export interface CacheParts extends Bounds {
  readonly read: (query: ReadCredential) => Promise<ReadCredentialAnswer>
  /** Reads the change log on, whose answer may validate what is held. Must not throw. */
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

/** Requests in the background at once. */
const backgroundLimit = 16

/**
 * Credentials in memory. A hit is a look-up and one flag; the other files of this folder decide when that
 * flag is set.
 *
 * The bound: what is held is served for `maxStaleMs` after the service last validated it. Only its answers
 * do so: to the read of a credential, and to the read of the change log, where one answer covers all that
 * is held. An event of the stream can evict or shorten, never bring back or prolong.
 */
export class CredentialCache {
  /** Where changes arrive. */
  readonly changes: ChangeListener
  readonly #isShortLived: boolean
  readonly #clock: Clock
  /** Beside the other parts, because it is looked at on every hit. */
  readonly #onHit: Hooks['onHit']
  readonly #entries: Entries
  readonly #background: Background
  readonly #sweeper: Sweeper
  readonly #reads: Reads
  /** The clocks were looked at in this turn of the event loop. */
  #hasLooked = false

  constructor(parts: CacheParts) {
    const { wallNow: wall, now: monotonic = () => performance.now() } = parts
    const { hooks, maxEntries, isShortLived, readLog, maxStaleMs, random } = parts
    const entries = new Entries(maxEntries, hooks.onEvict)
    const clock = new Clock({ monotonic, wall }, () => entries.markAllStale())
    const coverage = new LogCoverage()
    const canFlag = parts.now === undefined && !isShortLived
    const freshness = new Freshness(clock, coverage, parts, canFlag)
    const generations = new Generations(maxEntries)
    const background = new Background(isShortLived ? 0 : backgroundLimit, (entry) =>
      loader.loadInBackground(entry),
    )
    const answers = new Answers({ entries, clock, freshness, generations, hooks })
    const { read } = parts
    const isShared = !isShortLived
    const loader = new Loader({ read, clock, isShared, coverage, generations, answers, background })
    const sweeper = new Sweeper({ entries, clock, freshness, background, readLog, maxStaleMs })
    const held = { entries, clock, freshness, generations, loader, background }
    this.changes = new CacheChanges({ ...held, coverage, sweeper, random })
    this.#reads = new Reads({ ...held, ...parts, sweeper })
    this.#isShortLived = isShortLived
    this.#clock = clock
    this.#onHit = hooks.onHit
    this.#entries = entries
    this.#background = background
    this.#sweeper = sweeper
  }

  get(query: CredentialQuery, options: ReadOptions = noOptions): Promise<Credential> {
    const entry = this.#entries.find(identityOf(query))
    if (
      entry?.ready !== undefined &&
      (this.#hasLooked || this.#look()) &&
      entry.isFresh &&
      query.scopes === undefined
    ) {
      this.#hit(entry)
      return entry.ready
    }
    return this.#reads.get(query, options)
  }

  /** What is held, or undefined; never waits. */
  getSync(query: CredentialQuery): Credential | undefined {
    const entry = this.#entries.find(identityOf(query))
    if (entry === undefined) return undefined
    // Only where it is known that the user has none of her own.
    if (query.fallback === 'tenant' && this.#reads.isNotConnected(entry)) {
      return this.getSync(fallbackOf(query))
    }
    const isFresh = (this.#hasLooked || this.#look()) && entry.isFresh
    const credential = isFresh ? entry.credential : this.#reads.servable(entry)
    if (credential === undefined) return undefined
    this.#hit(entry)
    return query.scopes === undefined ? credential : knownForScopes(entry, credential, query.scopes)
  }

  /** Like `get`, but of this generation or a later one, unless the service finds the held one alive. */
  getAtLeast(
    query: CredentialQuery,
    minGeneration: number,
    options: ReadOptions = noOptions,
  ): Promise<Credential> {
    return this.#reads.getAtLeast(query, minGeneration, options)
  }

  /** Drops what is held for a query; the next read asks the service. */
  invalidate(query: CredentialQuery): void {
    const entry = this.#entries.find(identityOf(query))
    if (entry !== undefined) this.#entries.remove(entry, 'invalidated')
    if (query.fallback === 'tenant') this.invalidate(fallbackOf(query))
  }

  close(): void {
    this.#reads.close()
    this.#sweeper.stop()
    this.#background.clear()
    this.#entries.forgetAll()
  }

  /** Milliseconds since some beginning, pauses included. */
  now(): number {
    return this.#clock.now()
  }

  #hit(entry: Entry): void {
    entry.isUsed = true
    if (this.#onHit !== undefined) reportHit(entry, this.#onHit)
  }

  /**
   * Looks for a pause, once in each turn of the event loop: a process that is suspended is so between
   * two of them. Where turns cannot be separated, every read looks.
   */
  #look(): true {
    this.#clock.now()
    if (this.#isShortLived || globalThis.setImmediate === undefined) return true
    this.#hasLooked = true
    setImmediate(() => {
      this.#hasLooked = false
    })
    return true
  }
}

const noOptions: ReadOptions = Object.freeze({})
