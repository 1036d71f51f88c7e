/**
 * What the change log proves. Its pages are whole from where they began, or last had missed something, and
 * have told everything up to the last answer. So whatever was asked for after the beginning was still true
 * then, or there would have been a change.
 */
export class Coverage {
  /** Counts beginnings; 0: there was none yet. */
  #stretch = 0
  #heardAtMs = Number.NEGATIVE_INFINITY

  /** The unbroken stretch that a question asked now belongs to. */
  get stretch(): number {
    return this.#stretch
  }

  /** From now on every change is told. */
  begin(nowMs: number): void {
    this.#stretch += 1
    this.#heardAtMs = nowMs
  }

  /** Up to then every change has been told. */
  heard(atMs: number): void {
    this.#heardAtMs = Math.max(this.#heardAtMs, atMs)
  }

  /** When something that was asked for at `askedAtMs`, in `stretch`, was last known to be true. */
  vouchedAtMs(askedAtMs: number, stretch: number): number {
    const isCovered = stretch === this.#stretch && stretch > 0
    return isCovered ? Math.max(askedAtMs, this.#heardAtMs) : askedAtMs
  }
}
