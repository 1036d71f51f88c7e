/**
 * A monotonic clock with a cheap, cautious reading. Asking the operating system costs as much as half
 * a warm read, so a hit compares with `ceiling()`: a time that is never earlier than now. It is moved
 * by `tick()` once every `tickMs`, and runs ahead by as much.
 *
 * What it relies on: timers run before the next request is handled. If one task blocks the event loop,
 * reads inside that same task see the time at which it began.
 */
export interface Clock {
  /** Milliseconds, monotonic, with an arbitrary zero. */
  now(): number
  /** Never earlier than `now()`, at most `tickMs` later. */
  ceiling(): number
  tick(): void
}

export const tickMs = 1_000

/** The machine's monotonic clock. */
export function systemClock(): Clock {
  const now = (): number => performance.now()
  let ceilingMs = now() + tickMs
  return {
    now,
    ceiling: () => ceilingMs,
    tick: () => {
      ceilingMs = now() + tickMs
    },
  }
}

/** A clock that was passed in is asked each time: it may jump. */
export function givenClock(now: () => number): Clock {
  return { now, ceiling: now, tick: () => {} }
}
