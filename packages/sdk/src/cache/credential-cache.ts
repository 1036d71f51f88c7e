import {
  type Change,
  type ConnectionId,
  KeywellError,
  type ReadCredential,
  type ReadCredentialAnswer,
  readCredentialSchema,
} from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import { Credential } from '../credential.ts'
import { callHook, type EvictReason, type Hooks } from '../hooks.ts'
import { parseInput } from '../service.ts'
import { Background } from './background.ts'
import { type Clock, tickMs } from './clock.ts'
import { Entry } from './entry.ts'
import { EntryIndex, type Identity } from './entry-index.ts'

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

/** What the cache is told by the change stream: a change, without its place in the log. */
export type ChangeNews = Omit<Change, 'position' | 'at'>

export interface CacheParts {
  readonly read: (query: ReadCredential) => Promise<ReadCredentialAnswer>
  readonly clock: Clock
  readonly random: () => number
  readonly hooks: Hooks
  readonly maxEntries: number
  readonly maxStaleMs: number
  readonly staleIfUnavailableMs: number
  readonly idleAfterMs: number
}

/** Requests in the background at once. */
const backgroundLimit = 16
/** Times that an answer which was overtaken by a change is asked for again. */
const maxAsks = 3
/** How long a miss is remembered; a change ends it at once. */
const refusalMs: Partial<Record<KeywellError['code'], number>> = {
  not_connected: 5_000,
  needs_reauth: 30_000,
}

/**
 * Credentials in memory. A hit is a look-up and three comparisons; the rest of this file decides when
 * something is not a hit.
 *
 * The bound: what is held is served while the service vouches for it, and `maxStaleMs` longer. It
 * vouches when it is asked, and with every sign of life on a change stream that has been whole since.
 * What the stream tells can evict or shorten, never bring back.
 */
export class CredentialCache {
  readonly #parts: CacheParts
  readonly #index = new EntryIndex<Entry>()
  /** Holds the bound, and knows which entry was used least recently. */
  readonly #entries: LRUCache<Entry, Entry>
  readonly #byConnection = new Map<ConnectionId, Set<Entry>>()
  /** The highest generation seen: a lower one is an old row that somebody restored. */
  readonly #seen: LRUCache<ConnectionId, number>
  readonly #pending = new Set<Entry>()
  readonly #background: Background<Entry>
  #sweeper: NodeJS.Timeout | undefined
  #heardAtMs = Number.NEGATIVE_INFINITY
  #coveredSinceMs = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#entries = new LRUCache({
      max: parts.maxEntries,
      dispose: (entry, _, reason) => this.#forget(entry, reason === 'evict' ? 'full' : undefined),
    })
    this.#seen = new LRUCache({ max: parts.maxEntries })
    this.#background = new Background(backgroundLimit, async (entry) => {
      // What went wrong was told to `onError`, and is tried again when it is due.
      await this.#refresh(entry, { background: true }).catch(() => {})
    })
  }

  /** Entries, remembered misses included. */
  get size(): number {
    return this.#entries.size
  }

  get(query: CredentialQuery): Promise<Credential> {
    const entry = this.#index.find(query)
    if (entry?.ready === undefined || query.scopes !== undefined || !this.#isFresh(entry)) {
      return this.#getSlowly(query)
    }
    entry.isUsed = true
    this.#onHit(entry)
    return entry.ready
  }

  /** What is held, or undefined; never asks and waits. */
  getSync(query: CredentialQuery): Credential | undefined {
    const entry = this.#index.find(query)
    if (entry === undefined) return undefined
    const credential = this.#isFresh(entry)
      ? entry.credential
      : this.#servable(entry, this.#parts.clock.now())
    if (credential === undefined) return undefined
    entry.isUsed = true
    this.#onHit(entry)
    const { scopes } = query
    if (scopes === undefined || grantsAll(credential, scopes)) return credential
    return entry.variants.get(variantOf(scopes))?.credential
  }

  /** Like `get`, but of this generation or a later one, unless the service finds the held one alive. */
  async getAtLeast(query: CredentialQuery, minGeneration: number): Promise<Credential> {
    const entry = this.#entryOf(query)
    // An answer under way may have it already; whether it failed is found out below.
    await entry.pending?.catch(() => {})
    const held = this.#servable(entry, this.#parts.clock.now())
    if (held !== undefined && held.generation >= minGeneration) return held
    return this.#refresh(entry, { minGeneration })
  }

  /** Drops what is held for a query; the next read asks the service. */
  invalidate(query: CredentialQuery): void {
    const entry = this.#index.find(query)
    if (entry !== undefined) this.#remove(entry, 'invalidated')
  }

  /** The service is there, and has told everything up to now. */
  heard(): void {
    this.#heardAtMs = this.#parts.clock.now()
  }

  /** From now on every change is told. What was read before is looked at again. */
  coverFromNow(): void {
    this.heard()
    this.#coveredSinceMs = this.#heardAtMs
    for (const entry of this.#entries.values()) if (entry.credential) this.#background.add(entry)
  }

  apply(change: ChangeNews): void {
    for (const entry of this.#concernedBy(change)) this.#learn(entry, change)
  }

  /** Changes may have been missed: drops everything. */
  flush(): void {
    for (const entry of [...this.#entries.values()]) this.#remove(entry, 'flush')
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    this.#background.clear()
    this.#entries.clear()
  }

  // Reading

  #isFresh(entry: Entry): boolean {
    const nowMs = this.#parts.clock.ceiling()
    return nowMs < entry.softAtMs && nowMs < this.#vouchedAtMs(entry) + this.#parts.maxStaleMs
  }

  #vouchedAtMs(entry: Entry): number {
    const { checkedAtMs } = entry
    return checkedAtMs >= this.#coveredSinceMs && checkedAtMs < this.#heardAtMs
      ? this.#heardAtMs
      : checkedAtMs
  }

  async #getSlowly(query: CredentialQuery): Promise<Credential> {
    const entry = this.#entryOf(query)
    entry.isUsed = true
    const nowMs = this.#parts.clock.now()
    if (entry.refusal !== undefined && nowMs < entry.refusal.untilMs) {
      throw copyOf(entry.refusal.error)
    }
    let credential = this.#servable(entry, nowMs)
    if (credential === undefined) credential = await this.#refresh(entry, {})
    else this.#onHit(entry)
    return query.scopes === undefined
      ? credential
      : this.#forScopes(entry, credential, query.scopes)
  }

  /** What may be handed out without waiting. Starts the search for a newer one when that is due. */
  #servable(entry: Entry, nowMs: number): Credential | undefined {
    if (!this.#mayServe(entry, nowMs)) return undefined
    const mustAsk =
      nowMs >= entry.hardAtMs || nowMs >= this.#vouchedAtMs(entry) + this.#parts.maxStaleMs
    const mayAsk = nowMs >= entry.retryAtMs
    if (mustAsk && mayAsk) return undefined
    if (nowMs >= entry.softAtMs && mayAsk) this.#background.add(entry)
    return entry.credential
  }

  #mayServe(entry: Entry, nowMs: number): boolean {
    const { staleIfUnavailableMs, maxStaleMs } = this.#parts
    const boundMs = entry.isUnanswered ? staleIfUnavailableMs : maxStaleMs
    return (
      entry.credential !== undefined &&
      nowMs < entry.endsAtMs &&
      nowMs < this.#vouchedAtMs(entry) + boundMs
    )
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
    const known = entry.variants.get(key)
    if (known !== undefined) return known.promise
    const promise = this.#askForScopes(entry, scopes)
    const variant = entry.remember(key, promise)
    try {
      variant.credential = await promise
    } catch (error) {
      if (entry.variants.get(key) === variant) entry.variants.delete(key)
      throw error
    }
    return promise
  }

  async #askForScopes(entry: Entry, scopes: readonly string[]): Promise<Credential> {
    const answer = await this.#parts.read({ ...requestOf(entry.identity), scopes: [...scopes] })
    if (answer.unchanged || answer.generation < this.#highestSeen(answer.connectionId)) {
      throw tooOld(answer, this.#highestSeen(answer.connectionId))
    }
    return new Credential(answer)
  }

  // Asking the service

  /** One request per entry, however many readers wait for it. */
  #refresh(entry: Entry, how: RefreshOptions): Promise<Credential> {
    entry.pending ??= this.#ask(entry, how)
    return entry.pending
  }

  async #ask(entry: Entry, how: RefreshOptions): Promise<Credential> {
    this.#pending.add(entry)
    try {
      return await this.#askUntilTaken(entry, how.minGeneration)
    } catch (error) {
      return this.#afterFailure(entry, asKeywellError(error), how.background === true)
    } finally {
      this.#pending.delete(entry)
      entry.pending = undefined
    }
  }

  async #askUntilTaken(entry: Entry, minGeneration: number | undefined): Promise<Credential> {
    for (let asks = 1; ; asks += 1) {
      const { epoch, credential: held } = entry
      const askedAtMs = this.#parts.clock.now()
      const answer = await this.#parts.read({
        ...requestOf(entry.identity),
        ...(minGeneration === undefined ? { ifNewerThan: held?.generation } : { minGeneration }),
      })
      const seen = this.#highestSeen(answer.connectionId)
      const isTaken = epoch === entry.epoch && answer.generation >= seen
      const credential = isTaken ? this.#take(entry, answer, askedAtMs) : undefined
      if (credential !== undefined) return credential
      if (asks === maxAsks) throw answer.generation < seen ? tooOld(answer, seen) : overtaken()
    }
  }

  /** Holds what was answered. Undefined: the answer is about something that is not held. */
  #take(entry: Entry, answer: ReadCredentialAnswer, askedAtMs: number): Credential | undefined {
    const held = entry.credential
    const isSame =
      held?.connectionId === answer.connectionId && held.generation === answer.generation
    if (answer.unchanged && !isSame) {
      this.#evict(entry, 'disconnected')
      return undefined
    }
    if (answer.expiresInMs !== null && answer.expiresInMs <= 0) throw expired(answer)
    const credential = isSame || answer.unchanged ? held : new Credential(answer)
    if (credential === undefined) return undefined
    if (!isSame) this.#unlink(entry)
    entry.hold(credential, answer.expiresInMs, askedAtMs)
    if (this.#entries.has(entry)) this.#link(entry, credential)
    this.#seen.set(answer.connectionId, answer.generation)
    const nowMs = this.#parts.clock.now()
    entry.waitForNewer(nowMs)
    callHook(this.#parts.hooks.onRefresh, {
      connectionId: credential.connectionId,
      generation: credential.generation,
      changed: !isSame,
      durationMs: nowMs - askedAtMs,
    })
    return credential
  }

  /** A verdict ends what is held; no answer does not, as long as the bound allows. */
  #afterFailure(entry: Entry, error: KeywellError, background: boolean): Credential {
    callHook(this.#parts.hooks.onError, { error, background })
    const nowMs = this.#parts.clock.now()
    const rememberMs = refusalMs[error.code]
    if (rememberMs !== undefined) {
      this.#evict(entry, error.code === 'needs_reauth' ? 'needs_reauth' : 'disconnected')
      entry.refusal = { error, untilMs: nowMs + rememberMs }
      throw error
    }
    entry.failed(nowMs, error.code === 'unavailable')
    if (entry.credential !== undefined && this.#mayServe(entry, nowMs)) return entry.credential
    throw error
  }

  // Changes

  #concernedBy(change: ChangeNews): Set<Entry> {
    const { provider, tenantId, userId, name: connection, host } = change
    const concerned = new Set(this.#byConnection.get(change.connectionId))
    for (const wanted of [host, undefined]) {
      const entry = this.#index.find({ provider, tenantId, userId, connection, host: wanted })
      if (entry !== undefined) concerned.add(entry)
    }
    // A first read is under way, perhaps with the host spelt in another way.
    for (const entry of this.#pending) {
      const { identity } = entry
      const isOwner = identity.tenantId === tenantId && identity.userId === userId
      if (isOwner && identity.provider === provider) concerned.add(entry)
    }
    return concerned
  }

  #learn(entry: Entry, change: ChangeNews): void {
    const held = entry.credential
    const isSame = held?.connectionId === change.connectionId
    if (isSame && change.generation < held.generation) return
    entry.refusal = undefined
    switch (change.kind) {
      case 'disconnected':
      case 'needs_reauth':
        if (held === undefined) entry.drop()
        else if (isSame) this.#evict(entry, change.kind)
        break
      case 'connected':
      case 'refreshed':
        if (change.generation > this.#highestSeen(change.connectionId)) {
          this.#seen.set(change.connectionId, change.generation)
        }
        if (held !== undefined && !(isSame && change.generation === held.generation)) {
          this.#lookForNewer(entry)
        }
        break
      default:
        change.kind satisfies never
    }
  }

  #lookForNewer(entry: Entry): void {
    if (this.#isIdle(entry, this.#parts.clock.now())) {
      this.#remove(entry, 'idle')
    } else {
      entry.shorten()
      this.#background.add(entry)
    }
  }

  // Keeping

  #entryOf(query: CredentialQuery): Entry {
    if (this.#isClosed) throw new TypeError('This Keywell was closed. Make a new one.')
    const known = this.#index.find(query)
    if (known !== undefined) return known
    const asked = parseInput(readCredentialSchema, query, 'getCredential')
    const { provider, tenantId, userId, connection, host } = asked
    const identity = { provider, tenantId, userId, connection, host }
    const entry = new Entry(identity, this.#parts.random(), this.#parts.clock.now())
    this.#entries.set(entry, entry)
    this.#index.add(identity, entry)
    this.#startSweeping()
    return entry
  }

  #startSweeping(): void {
    if (this.#sweeper !== undefined) return
    this.#parts.clock.tick()
    this.#sweeper = setInterval(() => this.#sweep(), tickMs)
    this.#sweeper.unref?.()
  }

  /** The one timer: moves the cheap clock on, keeps used entries fresh, lets the others go. */
  #sweep(): void {
    const { clock } = this.#parts
    clock.tick()
    const nowMs = clock.now()
    for (const entry of [...this.#entries.values()]) {
      if (entry.isUsed) {
        entry.isUsed = false
        entry.usedAtMs = nowMs
        this.#entries.get(entry)
      }
      if (this.#isOver(entry, nowMs)) this.#remove(entry, 'idle')
      else if (this.#isDue(entry, nowMs)) this.#background.add(entry)
    }
    if (this.#entries.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  /** Nothing in it is of use any more, or nobody wants it. */
  #isOver(entry: Entry, nowMs: number): boolean {
    if (entry.pending !== undefined) return false
    if (entry.credential === undefined) {
      return entry.refusal === undefined || nowMs >= entry.refusal.untilMs
    }
    return nowMs >= entry.endsAtMs || (this.#isIdle(entry, nowMs) && nowMs >= entry.softAtMs)
  }

  /** Ahead of need: inside the soft window, or halfway to the bound without news from the stream. */
  #isDue(entry: Entry, nowMs: number): boolean {
    if (entry.credential === undefined || nowMs < entry.retryAtMs) return false
    if (nowMs >= entry.softAtMs) return true
    const isUsed = entry.usedAtMs > entry.checkedAtMs
    return isUsed && nowMs >= this.#vouchedAtMs(entry) + this.#parts.maxStaleMs / 2
  }

  #isIdle(entry: Entry, nowMs: number): boolean {
    return !entry.isUsed && nowMs - entry.usedAtMs >= this.#parts.idleAfterMs
  }

  /** Drops what is held; the entry stays, and remembers what may come next. */
  #evict(entry: Entry, reason: EvictReason): void {
    const { credential } = entry
    this.#unlink(entry)
    entry.drop()
    if (credential !== undefined) this.#onEvict(credential, reason)
  }

  #remove(entry: Entry, reason: EvictReason): void {
    this.#evict(entry, reason)
    this.#entries.delete(entry)
  }

  /** The last thing that happens to an entry, whoever removed it. */
  #forget(entry: Entry, reason: EvictReason | undefined): void {
    this.#index.remove(entry.identity)
    this.#unlink(entry)
    if (reason !== undefined && entry.credential !== undefined) {
      this.#onEvict(entry.credential, reason)
    }
  }

  #link(entry: Entry, credential: Credential): void {
    const entries = this.#byConnection.get(credential.connectionId)
    if (entries === undefined) this.#byConnection.set(credential.connectionId, new Set([entry]))
    else entries.add(entry)
  }

  #unlink(entry: Entry): void {
    if (entry.credential === undefined) return
    const { connectionId } = entry.credential
    const entries = this.#byConnection.get(connectionId)
    entries?.delete(entry)
    if (entries?.size === 0) this.#byConnection.delete(connectionId)
  }

  #highestSeen(connectionId: ConnectionId): number {
    return this.#seen.get(connectionId) ?? 0
  }

  #onHit(entry: Entry): void {
    const { onHit } = this.#parts.hooks
    if (onHit === undefined || entry.credential === undefined) return
    const { connectionId, generation } = entry.credential
    callHook(onHit, { connectionId, generation })
  }

  #onEvict(credential: Credential, reason: EvictReason): void {
    const { connectionId, generation } = credential
    callHook(this.#parts.hooks.onEvict, { connectionId, generation, reason })
  }
}

interface RefreshOptions {
  readonly minGeneration?: number
  /** Nobody waits for it. */
  readonly background?: boolean
}

function requestOf(identity: Identity): ReadCredential {
  const { provider, tenantId, userId, connection, host } = identity
  return { provider, tenantId, userId, connection, host }
}

function grantsAll(credential: Credential, scopes: readonly string[]): boolean {
  for (const scope of scopes) if (!credential.scopes.includes(scope)) return false
  return true
}

/** Scopes contain no space (RFC 6749 section 3.3), so this cannot collide. */
function variantOf(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}

/** An error of its own for each caller, so that its stack tells of that call. */
function copyOf(error: KeywellError): KeywellError {
  return new KeywellError(error.code, error.message, { ...error, cause: error })
}

function asKeywellError(error: unknown): KeywellError {
  if (error instanceof KeywellError) return error
  return new KeywellError('internal', 'The SDK failed while it asked the service.', {
    cause: error,
  })
}

function tooOld(answer: ReadCredentialAnswer, seen: number): KeywellError {
  return new KeywellError(
    'credential_unreadable',
    `The service answered generation ${answer.generation} of ${answer.connectionId}, but ${seen} was seen before.`,
    {
      nextStep:
        'An older record may have been restored. See the audit log of the connection, and connect again.',
    },
  )
}

function overtaken(): KeywellError {
  return new KeywellError('refresh_in_progress', 'The connection changed while it was read.', {
    retryAfterMs: 100,
  })
}

function expired(answer: ReadCredentialAnswer): KeywellError {
  return new KeywellError(
    'refresh_in_progress',
    `The service answered a credential of ${answer.connectionId} that has expired.`,
    { retryAfterMs: 1_000 },
  )
}
