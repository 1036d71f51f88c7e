interface Timer {
  at: number
  run: () => void
}

/** Timers that run when the test says so; see `packages/server/src/clock.ts`. */
export class ManualTimers {
  #now = 0
  readonly #timers = new Set<Timer>()

  /** The time by this clock, in milliseconds. */
  readonly now = (): number => this.#now

  /** Timers that have been set and have not run. */
  get pending(): number {
    return this.#timers.size
  }

  /** Milliseconds until the next one runs. */
  get nextIn(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at - this.#now))
  }

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets time pass: runs what is due, in order, and what that sets too if it is due as well. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#now = timer.at
      this.#timers.delete(timer)
      timer.run()
    }
    this.#now = until
  }

  #next(until: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= until)
    return due.toSorted((one, other) => one.at - other.at)[0]
  }
}
