import type { ConnectionId, KeywellError } from '@keywell/protocol'
import type { Credential } from '../credential.ts'
import { callHook, type Hooks } from '../hooks.ts'
import type { Identity } from './entry-index.ts'
import { windowsOf } from './windows.ts'

/** Wait after the first background failure; doubled at each further one. */
const firstRetryMs = 3_000
const longestRetryMs = 60_000
/** Credentials for different `scopes` that an entry remembers beside the plain one. */
const maxVariants = 16

/** When the service was asked, and in which segment of the change log. */
export interface LoadRequest {
  readonly atMs: number
  readonly segment: number
}
const neverLoaded: LoadRequest = { atMs: Number.NEGATIVE_INFINITY, segment: 0 }

export interface Successor {
  readonly connectionId: ConnectionId
  readonly generation: number
}

export interface Variant {
  readonly promise: Promise<Credential>
  /** Undefined until it is there. */
  credential: Credential | undefined
}

/**
 * What is known for one identity. All times are of the local clock; whether it may be served is a
 * matter of `softAtMs`, `hardAtMs`, `endsAtMs` and `validatedBy`.
 */
export class Entry {
  // These four first: a hit reads and writes them and no others.
  credential: Credential | undefined
  /** `credential`, as every hit hands it out: a hit makes no promise of its own. */
  ready: Promise<Credential> | undefined
  /** May be served without a look at the clock. */
  isFresh = false
  /** Set by a hit, taken back by the sweep: a hit does not look at the clock. */
  isUsed = true

  readonly identity: Identity
  /** Drawn once, so that keys that were filled together don't come due together. */
  readonly #spread: number

  /** The same credential for calls that name scopes which were not literally granted. */
  variants: Map<string, Variant> | undefined
  /** A remembered miss. */
  refusal: { readonly error: KeywellError; readonly untilMs: number } | undefined

  /** From here on a newer credential is looked for in the background. */
  softAtMs: number = Number.NEGATIVE_INFINITY
  /** From here on a read waits. */
  hardAtMs: number = Number.NEGATIVE_INFINITY
  endsAtMs: number = Number.NEGATIVE_INFINITY
  /** The request whose answer validated what is held. */
  validatedBy: LoadRequest = neverLoaded
  /** The last request that the service answered, or failed to. */
  lastRequest: LoadRequest = neverLoaded
  #lifeMs: number | null = null

  usedAtMs: number
  #failures = 0
  /** The service gave no answer at all when it was asked last. */
  isUnanswered = false
  /** After a failure nothing is asked in the background before this. */
  retryAtMs: number = Number.NEGATIVE_INFINITY

  /** The one request that is under way; all readers wait for it. */
  pending: Promise<Credential> | undefined
  /** Is about to be asked for, so that it must not be let go although it holds nothing. */
  isAwaited = false
  /** Grows when what is held was withdrawn: an answer under way may not know of it. */
  epoch = 0
  /** The last one that a change named in place of another: an answer under way may be older. */
  successor: Successor | undefined

  constructor(identity: Identity, spread: number, nowMs: number) {
    this.identity = identity
    this.#spread = spread
    this.usedAtMs = nowMs
  }

  /** The service validated `credential`, which has `leftMs` of life; null: no end. */
  hold(credential: Credential, leftMs: number | null, request: LoadRequest): void {
    if (credential !== this.credential) {
      this.credential = credential
      this.ready = Promise.resolve(credential)
      this.variants = undefined
      this.#lifeMs = leftMs
    }
    const { softInMs, hardInMs } = windowsOf(this.#lifeMs, leftMs, this.#spread)
    this.softAtMs = request.atMs + softInMs
    this.hardAtMs = request.atMs + hardInMs
    this.endsAtMs = leftMs === null ? Number.POSITIVE_INFINITY : request.atMs + leftMs
    this.validatedBy = request
    this.lastRequest = request
    this.refusal = undefined
    this.#failures = 0
    this.isUnanswered = false
    this.retryAtMs = Number.NEGATIVE_INFINITY
  }

  /** The service had nothing newer: once that matters, ask again, ever more often towards the end. */
  waitForNewer(nowMs: number): void {
    if (nowMs < this.softAtMs) return
    const leftMs = this.hardAtMs - nowMs
    this.retryAtMs =
      nowMs + (leftMs > 0 ? Math.min(Math.max(leftMs / 4, firstRetryMs), leftMs) : firstRetryMs)
  }

  failed(nowMs: number, isUnanswered: boolean): void {
    this.retryAtMs = nowMs + Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs)
    this.#failures += 1
    this.isUnanswered = isUnanswered
  }

  /** Forgets what is held. An answer under way is not taken either. */
  drop(): void {
    this.epoch += 1
    this.release()
  }

  /** Forgets what is held. An answer under way is taken if it is its successor. */
  release(): void {
    this.isFresh = false
    this.credential = undefined
    this.ready = undefined
    this.variants = undefined
    this.softAtMs = Number.NEGATIVE_INFINITY
    this.hardAtMs = Number.NEGATIVE_INFINITY
    this.endsAtMs = Number.NEGATIVE_INFINITY
    this.validatedBy = neverLoaded
  }

  /** Remembers what a call with these scopes gets, as long as the credential is the same. */
  remember(scopes: string, promise: Promise<Credential>): Variant {
    const variant: Variant = { promise, credential: undefined }
    if (this.variants === undefined || this.variants.size >= maxVariants) this.variants = new Map()
    this.variants.set(scopes, variant)
    return variant
  }
}

/** A read was answered with what the entry holds. */
export function reportHit({ credential }: Entry, onHit: Hooks['onHit']): void {
  if (credential === undefined) return
  const { connectionId, generation } = credential
  callHook(onHit, { connectionId, generation })
}
