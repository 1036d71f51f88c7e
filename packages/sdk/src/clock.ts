/** Milliseconds that the wall clock may be ahead before that counts as a pause: it is corrected in small steps. */
const toleranceMs = 1_000

export interface Clocks {
  /** Monotonic milliseconds; on many systems they stand still while a machine or a process sleeps. */
  readonly monotonic: () => number
  /** Milliseconds since 1970. */
  readonly wall: () => number
}

/**
 * A monotonic clock that counts pauses: time that only the wall clock has seen, because the laptop was
 * suspended, the virtual machine was stopped or the serverless process was frozen.
 *
 * A wall clock that is set forward by hand looks the same, which costs a fetch. One that is set back
 * counts for nothing.
 */
export class Clock {
  readonly #clocks: Clocks
  readonly #onPause: () => void
  /** How far the wall clock was ahead of the monotonic one. */
  #aheadMs: number
  #pausedMs = 0
  #resumedAtMs = Number.NEGATIVE_INFINITY

  /** @param onPause called when a look at the clocks finds a pause, before `now` returns */
  constructor(clocks: Clocks, onPause: () => void) {
    this.#clocks = clocks
    this.#onPause = onPause
    this.#aheadMs = clocks.wall() - clocks.monotonic()
  }

  /** When the last pause was found; whatever was learnt before may be out of date. */
  get resumedAtMs(): number {
    return this.#resumedAtMs
  }

  /** Milliseconds since some beginning, pauses included. */
  now(): number {
    const monotonicMs = this.#clocks.monotonic()
    const aheadMs = this.#clocks.wall() - monotonicMs
    const unseenMs = aheadMs - this.#aheadMs
    if (unseenMs < 0) this.#aheadMs = aheadMs
    if (unseenMs <= toleranceMs) return monotonicMs + this.#pausedMs
    this.#aheadMs = aheadMs
    this.#pausedMs += unseenMs
    this.#resumedAtMs = monotonicMs + this.#pausedMs
    this.#onPause()
    return this.#resumedAtMs
  }
}
