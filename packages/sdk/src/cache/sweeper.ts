import type { Clock } from '../clock.ts'
import type { Background } from './background.ts'
import type { Entries } from './entries.ts'
import type { Entry } from './entry.ts'
import { type Freshness, sweepMs } from './freshness.ts'

export interface SweeperParts {
  readonly entries: Entries
  readonly clock: Clock
  readonly freshness: Freshness
  readonly background: Background
  readonly readLog: () => void
  readonly maxStaleMs: number
}

/** The one timer: keeps used entries fresh, lets the others go, and sets the flag that a hit looks at. */
export class Sweeper {
  readonly #parts: SweeperParts
  #timer: NodeJS.Timeout | undefined
  #logDueAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: SweeperParts) {
    this.#parts = parts
  }

  /** Sweeps until nothing is held any more. It does not keep a process alive. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => this.#sweep(), sweepMs)
    this.#timer.unref?.()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The log was read just now: the next read comes before the entries it validates are asked for one by one. */
  postponeLog(): void {
    const { clock, maxStaleMs } = this.#parts
    this.#logDueAtMs = clock.now() + maxStaleMs / 3
  }

  #sweep(): void {
    const { clock, entries, readLog } = this.#parts
    const nowMs = clock.now()
    if (nowMs >= this.#logDueAtMs) {
      this.postponeLog()
      readLog()
    }
    for (const entry of entries.all()) this.#sweepEntry(entry, nowMs)
    if (entries.size === 0) this.stop()
  }

  #sweepEntry(entry: Entry, nowMs: number): void {
    const { entries, freshness, background } = this.#parts
    if (entry.isUsed) {
      entry.isUsed = false
      entry.usedAtMs = nowMs
      entries.touch(entry)
    }
    entry.isFresh = freshness.lasts(entry, nowMs)
    if (freshness.isOver(entry, nowMs)) entries.remove(entry, 'idle')
    else if (freshness.isDue(entry, nowMs)) background.add(entry)
  }
}
