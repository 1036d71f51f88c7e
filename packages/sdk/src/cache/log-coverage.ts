/**
 * What the change log proves. Its pages are whole from where they began, or last had missed something, and
 * have told everything up to the last answer. So whatever was asked for after the beginning was still true
 * then, or there would have been a change.
 */
export class LogCoverage {
  /** Counts beginnings; 0: there was none yet. */
  #segment = 0
  #heardAtMs = Number.NEGATIVE_INFINITY

  /** The unbroken segment that a question asked now belongs to. */
  get segment(): number {
    return this.#segment
  }

  /** From now on every change is told. */
  begin(nowMs: number): void {
    this.#segment += 1
    this.#heardAtMs = nowMs
  }

  /** Up to then every change has been told. */
  heard(atMs: number): void {
    this.#heardAtMs = Math.max(this.#heardAtMs, atMs)
  }

  /** When something that was asked for at `askedAtMs`, in `segment`, was last known to be true. */
  validatedAtMs(askedAtMs: number, segment: number): number {
    const isCovered = segment === this.#segment && segment > 0
    return isCovered ? Math.max(askedAtMs, this.#heardAtMs) : askedAtMs
  }
}
