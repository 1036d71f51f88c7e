/** The time of a stand-in: the machine's, or that of a test, moved forwards. */
export class Clock {
  readonly #base: () => number
  #offsetMs = 0

  constructor(base: () => number = Date.now) {
    this.#base = base
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#base() + this.#offsetMs
  }

  advance(seconds: number): void {
    this.#offsetMs += seconds * 1_000
  }

  /** When something ends that lives so long from now; null lives for ever. */
  after(seconds: number | null): number | null {
    return seconds === null ? null : this.now() + seconds * 1_000
  }

  isPast(time: number | null): boolean {
    return time !== null && time <= this.now()
  }

  /** Whole seconds until then. */
  secondsUntil(time: number): number {
    return Math.floor((time - this.now()) / 1_000)
  }
}
