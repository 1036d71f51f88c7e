/**
 * Which credentials the change log validates. Its pages are complete from where they began, or last had
 * missed something, up to the last answer. So whatever was requested after the beginning was still valid
 * then, or there would have been a change.
 */
export class LogCoverage {
  /** Counts beginnings; 0: there was none yet. */
  #segment = 0
  #completeUntilMs = Number.NEGATIVE_INFINITY

  /** The unbroken segment that a request made now belongs to. */
  get segment(): number {
    return this.#segment
  }

  /** From now on the pages hold every change. */
  begin(nowMs: number): void {
    this.#segment += 1
    this.#completeUntilMs = nowMs
  }

  /** Every change up to then was received. */
  extendTo(atMs: number): void {
    this.#completeUntilMs = Math.max(this.#completeUntilMs, atMs)
  }

  /** When a credential that was requested at `requestedAtMs`, in `segment`, was last known to be valid. */
  validatedAtMs(requestedAtMs: number, segment: number): number {
    const isCovered = segment === this.#segment && segment > 0
    return isCovered ? Math.max(requestedAtMs, this.#completeUntilMs) : requestedAtMs
  }
}
