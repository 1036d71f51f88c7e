import type { HostLimits } from '@keywell/protocol'
import type { After } from '../clock.ts'
import { Breaker, type BreakerState, type BreakerTicket } from './breaker.ts'
import { OutboundError } from './errors.ts'
import { FairQueue, type Waiting } from './fair-queue.ts'
import { shareOf } from './limits.ts'
import type { CallOutcome } from './outcome.ts'
import { longestPauseMs } from './retry-after.ts'
import { Throttle } from './throttle.ts'
import { TokenBucket } from './token-bucket.ts'

/** How many calls may wait for one host. Beyond it the tenant with the most of them loses one. */
const maxWaiting = 1_000
/** How long one may wait. */
const maxWaitMs = 5_000
/** Shortest `retryAfterMs` of a refused call, so that it is not repeated at once. */
const shortestRetryMs = 1_000
/** The rest of the slots is kept for calls with a waiting caller, however slow the host is. */
const backgroundShare = 0.75

export interface LimitedCall extends Waiting {
  readonly signal?: AbortSignal | null | undefined
}

/** Gives the slot back. Called once, when the call has ended, whatever its outcome. */
export type Release = (outcome: CallOutcome) => void

export interface HostState {
  readonly origin: string
  /** `paused`: the host asked for it. `open` and `half_open`: it fails, see `Breaker`. */
  readonly state: BreakerState | 'paused'
  /** Milliseconds until the next call may go; 0: one may go now, if a slot is free. */
  readonly retryAfterMs: number
  readonly waiting: number
  readonly running: number
  /** Calls that may go at once before the rate holds. */
  readonly tokens: number
}

export interface HostLimiterOptions {
  readonly origin: string
  readonly limits: HostLimits
  readonly share: number
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number
  readonly after: After
  /** The breaker has opened, or the host asked for a pause. */
  readonly onThrottled: () => void
}

interface Waiter extends Waiting {
  go(release: Release): void
  refuse(error: OutboundError): void
}

/**
 * Limits the calls to one host: how many run at once, how many start per second, and fewer of both while the
 * host fails or asks for it. A call that is refused here was not sent.
 */
export class HostLimiter {
  readonly #options: HostLimiterOptions
  readonly #waiting = new FairQueue<Waiter>({ max: maxWaiting })
  readonly #breaker = new Breaker()
  readonly #throttle = new Throttle()
  readonly #bucket: TokenBucket
  #share: number
  /** Of all replicas together. */
  #allLimits: HostLimits
  /** Of this one. */
  #limits: HostLimits
  #running = 0
  #runningBackground = 0
  #cancelWake = () => {}

  constructor(options: HostLimiterOptions) {
    this.#options = options
    this.#share = options.share
    this.#allLimits = options.limits
    this.#limits = shareOf(options.limits, options.share)
    this.#bucket = new TokenBucket(this.#limits, options.now())
    this.#breaker.setShare(options.share)
  }

  /** @throws OutboundError `throttled`, with the time after which it is worth trying; or `aborted` */
  acquire(call: LimitedCall): Promise<Release> {
    return new Promise((resolve, reject) => {
      if (call.signal?.aborted) return reject(this.#error('aborted'))
      const giveUp = () => this.#refuse(waiter, 'aborted')
      const cancelDeadline = this.#options.after(maxWaitMs, () => this.#refuse(waiter, 'throttled'))
      const settled = () => {
        cancelDeadline()
        call.signal?.removeEventListener('abort', giveUp)
      }
      const waiter: Waiter = {
        tenantId: call.tenantId,
        background: call.background,
        go(release) {
          settled()
          resolve(release)
        },
        refuse(error) {
          settled()
          reject(error)
        },
      }
      call.signal?.addEventListener('abort', giveUp)
      this.#waiting.add(waiter)?.refuse(this.#error('throttled'))
      this.#admit()
    })
  }

  get state(): HostState {
    const now = this.#options.now()
    const { state } = this.#breaker
    return {
      origin: this.#options.origin,
      state: state === 'closed' && this.#throttle.msLeft(now) > 0 ? 'paused' : state,
      retryAfterMs: this.#msUntilCapacity(now),
      waiting: this.#waiting.size,
      running: this.#running,
      tokens: Math.floor(this.#bucket.tokens(now)),
    }
  }

  /** How many background calls could start now. */
  get backgroundCapacity(): number {
    return Math.min(this.#capacity(this.#options.now()), this.#freeBackgroundSlots)
  }

  /** Nothing is under way or waiting. */
  get isIdle(): boolean {
    return this.#running === 0 && this.#waiting.size === 0
  }

  /** Idle, and the host is well: next to nothing is lost if this limiter is forgotten. */
  get isQuiet(): boolean {
    return this.isIdle && this.#throttle.isCalm && this.#breaker.state === 'closed'
  }

  setShare(share: number): void {
    this.#share = share
    this.#breaker.setShare(share)
    this.#resize()
  }

  setLimits(limits: HostLimits): void {
    this.#allLimits = limits
    this.#resize()
  }

  #resize(): void {
    this.#limits = shareOf(this.#allLimits, this.#share)
    this.#bucket.resize(this.#limits, this.#options.now())
    this.#admit()
  }

  /** Refuses every call that waits. */
  close(): void {
    this.#cancelWake()
    for (const waiter of this.#waiting.takeAll()) waiter.refuse(this.#error('aborted'))
  }

  #admit(): void {
    const now = this.#options.now()
    this.#cancelWake()
    while (this.#capacity(now) > 0) {
      const waiter = this.#waiting.take({ background: this.#freeBackgroundSlots > 0 })
      if (waiter === undefined) break
      waiter.go(this.#start(waiter, now))
    }
    if (this.#waiting.size === 0) return
    const waitMs = this.#msUntilCapacity(now)
    const isHopeless = waitMs > maxWaitMs || (waitMs > 0 && this.#breaker.state === 'open')
    if (isHopeless) this.#refuseAll()
    // Without a wait only slots are missing, and each release calls this again.
    else if (waitMs > 0) this.#cancelWake = this.#options.after(waitMs, () => this.#admit())
  }

  #start(call: Waiting, now: number): Release {
    this.#bucket.take(now)
    const started = { call, at: now, ticket: this.#breaker.start(now) }
    this.#running += 1
    if (call.background) this.#runningBackground += 1
    let isOver = false
    return (outcome) => {
      if (!isOver) this.#end(started, outcome)
      isOver = true
    }
  }

  #end(started: { call: Waiting; at: number; ticket: BreakerTicket }, outcome: CallOutcome): void {
    const now = this.#options.now()
    const before = { state: this.#breaker.state, pauseMs: this.#throttle.msLeft(now) }
    this.#running -= 1
    if (started.call.background) this.#runningBackground -= 1
    if (outcome.kind === 'throttled') {
      this.#throttle.throttled({ ...outcome, startedAt: started.at }, now)
    } else if (outcome.kind === 'good') {
      this.#throttle.answered({ startedAt: started.at })
    }
    this.#breaker.end(started.ticket, outcome.kind === 'throttled' ? 'neutral' : outcome.kind, now)

    const changed = this.#breaker.state !== before.state
    const pauseMs = this.#throttle.msLeft(now)
    // What was saved in bad times must not go out in one burst when they end.
    if (changed || pauseMs > before.pauseMs) this.#bucket.drain(now + pauseMs)
    this.#admit()
    const opened = changed && this.#breaker.state === 'open'
    if (opened || (before.pauseMs === 0 && pauseMs > 0)) this.#options.onThrottled()
  }

  get #freeBackgroundSlots(): number {
    const slots = Math.max(1, Math.floor(this.#limits.concurrency * backgroundShare))
    return Math.max(0, slots - this.#runningBackground)
  }

  #capacity(now: number): number {
    if (this.#throttle.msLeft(now) > 0) return 0
    const slots = Math.max(0, this.#limits.concurrency - this.#running)
    const tokens = Math.floor(this.#bucket.tokens(now))
    return Math.min(slots, tokens, this.#breaker.capacity(now))
  }

  /** Without regard to slots: when one becomes free is not known. */
  #msUntilCapacity(now: number): number {
    return Math.max(
      Math.ceil(this.#throttle.msLeft(now)),
      this.#breaker.msUntilCapacity(now),
      this.#bucket.msUntilToken(now),
    )
  }

  #refuse(waiter: Waiter, reason: 'aborted' | 'throttled'): void {
    if (this.#waiting.remove(waiter)) waiter.refuse(this.#error(reason))
  }

  #refuseAll(): void {
    for (const waiter of this.#waiting.takeAll()) waiter.refuse(this.#error('throttled'))
  }

  #error(reason: 'aborted' | 'throttled'): OutboundError {
    const { host } = new URL(this.#options.origin)
    const retryAfterMs = reason === 'throttled' ? this.#retryAfterMs() : null
    return new OutboundError(reason, { host, notSent: true, retryAfterMs })
  }

  /** When the calls that wait will have started, at the current rate. */
  #retryAfterMs(): number {
    const queueMs = (this.#waiting.size * 1000) / this.#limits.requestsPerSecond
    const waitMs = Math.ceil(this.#msUntilCapacity(this.#options.now()) + queueMs)
    return Math.min(Math.max(waitMs, shortestRetryMs), longestPauseMs)
  }
}
