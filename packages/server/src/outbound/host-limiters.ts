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
  /** The same of one URL's origin; a base URL with a relative root will do. */
  isThrottled(url: string): boolean
  /** How many calls, of `most`, can start at once, to any of the hosts that are not throttled. */
  freeSlots(most: number): number
  /** One entry for each host that is remembered, for metrics. */
  snapshot(): HostState[]
  /**
   * Tells when a host's breaker has opened or a pause has begun; answers how to stop that. The
   * listener must not throw.
   */
  onThrottled(listener: (host: HostState) => void): () => void
  /**
   * What this process may take of every limit, above 0 and at most 1; with n replicas, 1 / n.
   *
   * @throws TypeError for another number
   */
  setShare(share: number): void
}

export interface HostLimiters extends Hosts {
  /** @throws OutboundError `throttled` or `aborted`: nothing was sent */
  acquire(origin: string, call: LimitedCall): Promise<Release>
  /** Refuses the calls that wait, and every later one. */
  close(): void
}

/** One limiter for each origin, made when it is first called. */
export function createHostLimiters(parts: {
  limitsOf: LimitsOf
  now: () => number
  after: After
}): HostLimiters {
  /** In the order of their last use. */
  const limiters = new Map<string, HostLimiter>()
  const listeners = new Set<(host: HostState) => void>()
  let share = 1
  let closed = false

  function limiterOf(origin: string): HostLimiter {
    const limiter = limiters.get(origin) ?? open(origin)
    limiters.delete(origin)
    limiters.set(origin, limiter)
    return limiter
  }

  function open(origin: string): HostLimiter {
    makeRoom()
    const limiter: HostLimiter = new HostLimiter({
      ...parts,
      origin,
      limits: parts.limitsOf(origin),
      share,
      onThrottled: () => {
        for (const listener of listeners) listener(limiter.state)
      },
    })
    return limiter
  }

  /** Whose last use is longest ago: of those that are well, and only then of those in trouble. */
  function makeRoom(): void {
    for (const quality of ['isQuiet', 'isIdle'] as const) {
      for (const [origin, limiter] of limiters) {
        if (limiters.size < maxHosts) return
        if (limiter[quality]) limiters.delete(origin)
      }
    }
  }

  return {
    async acquire(origin, call) {
      if (closed) throw new OutboundError('aborted', { host: new URL(origin).host, notSent: true })
      return await limiterOf(origin).acquire(call)
    },

    throttled: () =>
      [...limiters]
        .filter(([, limiter]) => limiter.backgroundCapacity === 0)
        .map(([origin]) => origin),
    isThrottled: (url) => limiters.get(new URL(url).origin)?.backgroundCapacity === 0,
    freeSlots: (most) => {
      const capacities = [...limiters.values()].map((limiter) => limiter.backgroundCapacity)
      return Math.min(most, ...capacities.filter((capacity) => capacity > 0))
    },
    snapshot: () => [...limiters.values()].map((limiter) => limiter.state),

    onThrottled(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    setShare(next) {
      if (!(next > 0 && next <= 1)) {
        throw new TypeError(`A share is above 0 and at most 1, not ${next}`)
      }
      share = next
      for (const limiter of limiters.values()) limiter.setShare(next)
    },

    close() {
      closed = true
      for (const limiter of limiters.values()) limiter.close()
    },
  }
}
