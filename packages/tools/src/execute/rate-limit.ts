import { LRUCache } from 'lru-cache'
import type { ToolPolicy } from './ports.ts'

/** Beyond so many connections, the one that called longest ago begins anew. */
const maxConnections = 10_000

interface Window {
  /** The moments of the last calls, as a ring: the next one replaces the oldest. */
  readonly moments: Float64Array
  next: number
  pausedUntil: number
}

export interface RateLimit {
  /**
   * Takes one place in the sliding window of a connection. Returns the milliseconds until there is one, or 0: then it
   * is taken.
   */
  takePlace(connectionId: string, limit: ToolPolicy['rateLimit']): number
  /** The provider asked to wait. */
  pause(connectionId: string, ms: number): void
}

/** One for all executions of a process. Every request to the provider takes a place, hints and retries too. */
export function createRateLimit(now: () => number): RateLimit {
  const windows = new LRUCache<string, Window>({ max: maxConnections })
  const windowOf = (connectionId: string, calls: number): Window => {
    const known = windows.get(connectionId)
    if (known?.moments.length === calls) return known
    const window = resized(known, calls)
    windows.set(connectionId, window)
    return window
  }
  return {
    takePlace(connectionId, { calls, windowMs }) {
      const window = windowOf(connectionId, calls)
      const time = now()
      if (window.pausedUntil > time) return window.pausedUntil - time
      if (calls === 0) return 0
      const freeAt = (window.moments[window.next] ?? 0) + windowMs
      if (freeAt > time) return freeAt - time
      window.moments[window.next] = time
      window.next = (window.next + 1) % calls
      return 0
    },
    pause(connectionId, ms) {
      const window = windowOf(connectionId, windows.get(connectionId)?.moments.length ?? 0)
      window.pausedUntil = Math.max(window.pausedUntil, now() + ms)
    },
  }
}

/** Another limit keeps the latest calls, and the pause. */
function resized(known: Window | undefined, calls: number): Window {
  const moments = new Float64Array(calls).fill(Number.NEGATIVE_INFINITY)
  if (known === undefined) return { moments, next: 0, pausedUntil: 0 }
  const inOrder = [...known.moments.subarray(known.next), ...known.moments.subarray(0, known.next)]
  const kept = inOrder.slice(Math.max(0, inOrder.length - calls))
  moments.set(kept, calls - kept.length)
  return { moments, next: 0, pausedUntil: known.pausedUntil }
}
