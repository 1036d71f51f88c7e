import type { HostLimits } from '@keywell/protocol'

type Size = Pick<HostLimits, 'requestsPerSecond' | 'burst'>

/**
 * A rate limit that allows bursts: within any span of time no more than `burst + span × rate`
 * tokens are taken. It sets no timers; the caller passes the time, in milliseconds.
 */
export class TokenBucket {
  #size: Size
  #tokens: number
  /** When `#tokens` was right. After `drain` it may lie ahead. */
  #countedAt: number

  constructor(size: Size, now: number) {
    this.#size = size
    this.#tokens = size.burst
    this.#countedAt = now
  }

  tokens(now: number): number {
    const came = (Math.max(0, now - this.#countedAt) * this.#size.requestsPerSecond) / 1000
    return Math.min(this.#size.burst, this.#tokens + came)
  }

  /** Whole milliseconds until a token can be taken, so that a timer is never a trifle early. */
  msUntilToken(now: number): number {
    const missing = 1 - this.tokens(now)
    if (missing <= 0) return 0
    return Math.ceil(
      Math.max(0, this.#countedAt - now) + (missing * 1000) / this.#size.requestsPerSecond,
    )
  }

  /** False when there is none. */
  take(now: number): boolean {
    const tokens = this.tokens(now)
    if (tokens < 1) return false
    this.#count(tokens - 1, now)
    return true
  }

  /** Saves nothing before `from`: then there is one token at most, and the plain rate from there. */
  drain(from: number): void {
    this.#count(Math.min(this.tokens(from), 1), from)
  }

  resize(size: Size, now: number): void {
    this.#count(Math.min(this.tokens(now), size.burst), now)
    this.#size = size
  }

  #count(tokens: number, now: number): void {
    this.#tokens = tokens
    this.#countedAt = Math.max(this.#countedAt, now)
  }
}
