import type { Clock } from '../clock.ts'
import type { Entry } from './entry.ts'
import type { LogCoverage } from './log-coverage.ts'

/** Milliseconds between two sweeps over everything that is held. */
export const sweepMs = 1_000

export interface Bounds {
  /** How long something is served after the service last validated it. */
  readonly maxStaleMs: number
  /** The same while the service gives no answer at all. */
  readonly staleIfUnavailableMs: number
  /** How long after its last use an entry is kept fresh ahead of need. */
  readonly idleAfterMs: number
}

/** What may be done with an entry at a given time. Decides; changes nothing. */
export class Freshness {
  readonly #clock: Pick<Clock, 'resumedAtMs'>
  readonly #coverage: LogCoverage
  readonly #bounds: Bounds
  readonly #isSwept: boolean

  /** @param isSwept the sweep runs, by a clock that does not jump; otherwise every read looks at the clock */
  constructor(
    clock: Pick<Clock, 'resumedAtMs'>,
    coverage: LogCoverage,
    bounds: Bounds,
    isSwept: boolean,
  ) {
    this.#clock = clock
    this.#coverage = coverage
    this.#bounds = bounds
    this.#isSwept = isSwept
  }

  /**
   * Neither due nor out of bound until the sweep after the next one. A hit relies on this and does not look
   * at the clock, which would cost as much as all the rest. Timers run before the requests that came
   * meanwhile, so a sweep is late only for reads inside the task that made it late.
   */
  lasts(entry: Entry, nowMs: number): boolean {
    const untilMs = nowMs + 2 * sweepMs
    return (
      this.#isSwept &&
      untilMs < entry.softAtMs &&
      untilMs < this.#trustedUntilMs(entry) &&
      !this.#isFromBefore(entry)
    )
  }

  /** Still valid, and inside the stated bound. */
  mayServe(entry: Entry, nowMs: number): boolean {
    const { staleIfUnavailableMs, maxStaleMs } = this.#bounds
    const boundMs = entry.isUnanswered ? staleIfUnavailableMs : maxStaleMs
    return (
      entry.credential !== undefined &&
      nowMs < entry.endsAtMs &&
      nowMs < this.#validatedAtMs(entry) + boundMs
    )
  }

  /** The service has to be asked before it is served. Not again when that has failed a moment ago. */
  mustAsk(entry: Entry, nowMs: number): boolean {
    if (this.#isFromBefore(entry)) return true
    const isUncertain = nowMs >= entry.hardAtMs || nowMs >= this.#trustedUntilMs(entry)
    return isUncertain && nowMs >= entry.retryAtMs
  }

  /** To be asked for ahead of need: inside the soft window, or halfway to the bound since it was last validated. */
  isDue(entry: Entry, nowMs: number): boolean {
    if (entry.credential === undefined || nowMs < entry.retryAtMs) return false
    if (nowMs >= entry.softAtMs) return true
    const isUsed = entry.usedAtMs > entry.validatedBy.atMs
    return isUsed && nowMs >= this.#validatedAtMs(entry) + this.#bounds.maxStaleMs / 2
  }

  isIdle(entry: Entry, nowMs: number): boolean {
    return !entry.isUsed && nowMs - entry.usedAtMs >= this.#bounds.idleAfterMs
  }

  /** Nothing in it is of use any more, or no caller uses it. */
  isOver(entry: Entry, nowMs: number): boolean {
    if (entry.pending !== undefined || entry.isAwaited) return false
    if (entry.credential === undefined) {
      return entry.refusal === undefined || nowMs >= entry.refusal.untilMs
    }
    return nowMs >= entry.endsAtMs || (this.isIdle(entry, nowMs) && nowMs >= entry.softAtMs)
  }

  /** The service was last asked before a pause; changes since then were not received. */
  #isFromBefore(entry: Entry): boolean {
    return entry.lastRequest.atMs < this.#clock.resumedAtMs
  }

  #trustedUntilMs(entry: Entry): number {
    return this.#validatedAtMs(entry) + this.#bounds.maxStaleMs
  }

  #validatedAtMs({ validatedBy }: Entry): number {
    return this.#coverage.validatedAtMs(validatedBy.atMs, validatedBy.segment)
  }
}
