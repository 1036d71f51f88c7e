/**
 * Work that nobody waits for: each item once, a few at a time.
 * `work` must not reject; there is nobody to tell.
 */
export class Background<Item> {
  readonly #waiting = new Set<Item>()
  readonly #later = new Set<NodeJS.Timeout>()
  readonly #limit: number
  readonly #work: (item: Item) => Promise<void>
  #active = 0

  constructor(limit: number, work: (item: Item) => Promise<void>) {
    this.#limit = limit
    this.#work = work
  }

  add(item: Item): void {
    this.#waiting.add(item)
    if (this.#active < this.#limit) void this.#drain()
  }

  /** Not at once, and only if it is still wanted then. */
  addLater(item: Item, delayMs: number, isWanted: () => boolean): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer)
      if (isWanted()) this.add(item)
    }, delayMs)
    timer.unref?.()
    this.#later.add(timer)
  }

  clear(): void {
    for (const timer of this.#later) clearTimeout(timer)
    this.#later.clear()
    this.#waiting.clear()
  }

  async #drain(): Promise<void> {
    this.#active += 1
    for (const item of this.#waiting) {
      this.#waiting.delete(item)
      await this.#work(item)
    }
    this.#active -= 1
  }
}
