/**
 * What the change stream proves. It is whole from where it began, or was last told to flush, and has
 * told everything up to the last heartbeat; so whatever was read after the beginning was still true
 * at that heartbeat, or there would have been a change.
 */
export class Coverage {
  #sinceMs = Number.POSITIVE_INFINITY
  #heardAtMs = Number.NEGATIVE_INFINITY

  /** From now on every change is told. */
  begin(nowMs: number): void {
    this.#sinceMs = nowMs
    this.#heardAtMs = nowMs
  }

  /** Up to now every change has been told. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs
  }

  /** When something that was read at `checkedAtMs` was last known to be true. */
  vouchedAtMs(checkedAtMs: number): number {
    return checkedAtMs >= this.#sinceMs ? Math.max(checkedAtMs, this.#heardAtMs) : checkedAtMs
  }
}
