/** The time of a call is over. */
export class TimeoutError extends Error {}

/** Aborts what takes longer than `ms`, or what the caller gives up. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #ms: number
  #endMs = Number.POSITIVE_INFINITY

  constructor(ms: number, caller?: AbortSignal) {
    this.#ms = ms
    this.#caller = caller
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Of what is waited for. */
  get leftMs(): number {
    return this.#endMs - performance.now()
  }

  /** Waits for something that ends with the signal. */
  async wait<Result>(work: Promise<Result>): Promise<Result> {
    // Not AbortSignal.timeout: its timer would outlive the work, one for each, until it fires.
    const timer = setTimeout(() => this.#controller.abort(new TimeoutError()), this.#ms)
    this.#endMs = performance.now() + this.#ms
    const giveUp = () => this.#controller.abort(this.#caller?.reason)
    this.#caller?.addEventListener('abort', giveUp)
    try {
      return await work
    } finally {
      clearTimeout(timer)
      this.#caller?.removeEventListener('abort', giveUp)
    }
  }

  /** A pause that ends early, and rejects, with the signal. */
  async sleep(ms: number): Promise<void> {
    const { signal } = this
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, ms)
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}
