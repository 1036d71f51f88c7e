import type { After } from '../clock.ts'
import { OutboundError } from './errors.ts'
import { HostLimiter, type HostState, type LimitedCall, type Release } from './host-limiter.ts'
import type { LimitsOf } from './limits.ts'

/** Hosts that are remembered. A host with calls under way is never forgotten. */
const maxHosts = 1_000

/** How many calls the hosts can take now, for code that plans calls to them. */
export interface Hosts {
  /**
   * Origins to which no background call can start now: the host fails, asked for a pause, or has reached its
   * limits. Work for them is not worth claiming.
   */
  throttled(): string[]
  /** The same for the origin of one URL, which may have a path. */
  isThrottled(url: string): boolean
  /** How many calls, of `most`, can start at once, to any of the hosts that are not throttled. */
  freeSlots(most: number): number
  /** One entry for each host that is remembered, for metrics. */
  snapshot(): HostState[]
  /**
   * Calls the listener when a host's breaker has opened or a pause has begun. Returns a function that removes
   * it. The listener must not throw.
   */
  onThrottled(listener: (host: HostState) => void): () => void
  /**
   * The share of every limit that this process may use: above 0 and at most 1; with n replicas, 1 / n.
   *
   * @throws TypeError for another number
   */
  setShare(share: number): void
  /** Takes over limits that have changed since a host was first called. */
  readLimits(): void
}

/** One limiter for each origin, made when it is first called. */
export class HostLimiters implements Hosts {
  readonly #parts: { limitsOf: LimitsOf; now: () => number; after: After }
  /** In the order of their last use. */
  readonly #limiters = new Map<string, HostLimiter>()
  readonly #listeners = new Set<(host: HostState) => void>()
  #share = 1
  #closed = false

  constructor(parts: { limitsOf: LimitsOf; now: () => number; after: After }) {
    this.#parts = parts
  }

  /** @throws OutboundError `throttled` or `aborted`: nothing was sent */
  async acquire(origin: string, call: LimitedCall): Promise<Release> {
    if (this.#closed) {
      throw new OutboundError('aborted', { host: new URL(origin).host, notSent: true })
    }
    return await this.#limiterOf(origin).acquire(call)
  }

  throttled(): string[] {
    return [...this.#limiters]
      .filter(([, limiter]) => limiter.backgroundCapacity === 0)
      .map(([origin]) => origin)
  }

  isThrottled(url: string): boolean {
    return this.#limiters.get(new URL(url).origin)?.backgroundCapacity === 0
  }

  freeSlots(most: number): number {
    const capacities = [...this.#limiters.values()].map((limiter) => limiter.backgroundCapacity)
    return Math.min(most, ...capacities.filter((capacity) => capacity > 0))
  }

  snapshot(): HostState[] {
    return [...this.#limiters.values()].map((limiter) => limiter.state)
  }

  onThrottled(listener: (host: HostState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  setShare(share: number): void {
    if (!(share > 0 && share <= 1)) {
      throw new TypeError(`A share is above 0 and at most 1, not ${share}`)
    }
    this.#share = share
    for (const limiter of this.#limiters.values()) limiter.setShare(share)
  }

  readLimits(): void {
    for (const [origin, limiter] of this.#limiters) {
      limiter.setLimits(this.#parts.limitsOf(origin))
    }
  }

  /** Refuses the calls that wait, and every later one. */
  close(): void {
    this.#closed = true
    for (const limiter of this.#limiters.values()) limiter.close()
  }

  #limiterOf(origin: string): HostLimiter {
    const limiter = this.#limiters.get(origin) ?? this.#open(origin)
    this.#limiters.delete(origin)
    this.#limiters.set(origin, limiter)
    return limiter
  }

  #open(origin: string): HostLimiter {
    this.#forgetOldest()
    const { limitsOf, now, after } = this.#parts
    const limiter: HostLimiter = new HostLimiter({
      origin,
      limits: limitsOf(origin),
      share: this.#share,
      now,
      after,
      onThrottled: () => {
        for (const listener of this.#listeners) listener(limiter.state)
      },
    })
    return limiter
  }

  /** Forgets the limiters with the oldest last use, first quiet ones, and then idle ones of failing hosts. */
  #forgetOldest(): void {
    for (const quality of ['isQuiet', 'isIdle'] as const) {
      for (const [origin, limiter] of this.#limiters) {
        if (this.#limiters.size < maxHosts) return
        if (limiter[quality]) this.#limiters.delete(origin)
      }
    }
  }
}
