import { DatabaseUnavailable } from './database.ts'

/** Lets a limited number of tasks run at once, in the order of their calls, each after a bounded wait. */
export class Semaphore {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(permits: number) {
    this.#free = permits
  }

  /** Waits for a permit, runs `work`, and gives the permit back, whether `work` fails or not. */
  async run<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
    if (this.#free === 0) await this.#wait(timeoutMs)
    else this.#free -= 1
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Passed on without becoming free in between, so that the order is kept.
      if (next) next()
      else this.#free += 1
    }
  }

  #wait(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        reject(
          new DatabaseUnavailable(
            `The database was busy for ${timeoutMs} ms. Inside of a transaction, use what it was ` +
              'given: the database itself may have to wait for the transaction to end.',
          ),
        )
      }, timeoutMs)
      this.#waiting.push(go)
    })
  }
}
