import type { Entry } from './entry.ts'

/** Entries that are loaded ahead of need: each once, a few at a time. */
export class Background {
  readonly #waiting = new Set<Entry>()
  readonly #later = new Set<NodeJS.Timeout>()
  readonly #limit: number
  readonly #load: (entry: Entry) => Promise<void>
  #active = 0

  /**
   * @param limit how many are loaded at once; 0: there is no background, the read that needs an entry loads it
   * @param load must not reject
   */
  constructor(limit: number, load: (entry: Entry) => Promise<void>) {
    this.#limit = limit
    this.#load = load
  }

  get isOn(): boolean {
    return this.#limit > 0
  }

  add(entry: Entry): void {
    if (!this.isOn) return
    this.#waiting.add(entry)
    if (this.#active < this.#limit) void this.#drain()
  }

  /** Not at once, and only if it is still wanted then. */
  addLater(entry: Entry, delayMs: number, isWanted: () => boolean): void {
    const timer = setTimeout(() => {
      this.#later.delete(timer)
      if (isWanted()) this.add(entry)
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
    for (const entry of this.#waiting) {
      this.#waiting.delete(entry)
      await this.#load(entry)
    }
    this.#active -= 1
  }
}
