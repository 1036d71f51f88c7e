import { DatabaseUnavailable } from './database.ts'

/** A queue for something that only so many may have: first come, first served, nobody waits for ever. */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Waits for a turn, runs `work`, and passes the turn on however it ends. */
  async take<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
    if (this.#free === 0) await this.#wait(timeoutMs)
    else this.#free -= 1
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // Handed over without becoming free in between, so that nobody can jump the queue.
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
