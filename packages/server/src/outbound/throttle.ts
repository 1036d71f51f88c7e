import { longestPauseMs } from './retry-after.ts'

const firstPauseMs = 1_000

/** How long a host asked us to keep away (429), and how long we do when it does not say. */
export class Throttle {
  /** Nothing may be sent before this time. */
  #until = Number.NEGATIVE_INFINITY
  #begunAt = Number.NEGATIVE_INFINITY
  /** Pauses in a row without a good answer between them. */
  #pauses = 0

  get isCalm(): boolean {
    return this.#pauses === 0
  }

  msLeft(now: number): number {
    return Math.max(0, this.#until - now)
  }

  /** @param startedAt when the call began that was answered so */
  throttled(call: { retryAfterMs: number | null; startedAt: number }, now: number): void {
    // What was under way already when the pause began is of the same wave, and says nothing new.
    if (call.startedAt > this.#begunAt) {
      this.#begunAt = now
      this.#pauses += 1
    }
    const askedMs = call.retryAfterMs ?? firstPauseMs * 2 ** Math.min(this.#pauses - 1, 20)
    this.#until = Math.max(this.#until, now + Math.min(askedMs, longestPauseMs))
  }

  /** Another answer than 429. */
  answered(call: { startedAt: number }): void {
    if (call.startedAt >= this.#until) this.#pauses = 0
  }
}
