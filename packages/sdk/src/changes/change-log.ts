import { type ChangeLogPage, changeSchema } from '@keywell/protocol'
import type { ChangeListener } from './change-listener.ts'

export interface ChangeLogParts {
  /** `GET /v1/changes/log`; without a position, its end. */
  readonly readPage: (after: string | undefined) => Promise<ChangeLogPage>
  readonly listener: ChangeListener
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/**
 * The change log, read page by page with requests of our own. An answer was true when it was requested, and
 * cannot be an old one that was kept and sent again: only this validates what is held. The stream is faster, and only
 * ever a reason to ask.
 */
export class ChangeLog {
  readonly #parts: ChangeLogParts
  /** Everything up to here has been answered. */
  #position: string | undefined
  #reading: Promise<void> | undefined

  constructor(parts: ChangeLogParts) {
    this.#parts = parts
  }

  /** Where a stream begins that misses nothing; undefined before the first answer. */
  get position(): string | undefined {
    return this.#position
  }

  /** Reads to the end; one at a time. Throws what `readPage` throws. */
  read(): Promise<void> {
    this.#reading ??= this.#readToEnd().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readToEnd(): Promise<void> {
    const { readPage, listener, now } = this.#parts
    for (;;) {
      const requestedAtMs = now()
      const from = this.#position
      const { changes, position, missed, isComplete, ageMs } = await readPage(from)
      this.#position = position
      if (missed) listener.flush()
      if (missed || from === undefined) return listener.coverFromNow()
      for (const sent of changes) {
        const change = changeSchema.safeParse(sent)
        // One that is not understood, of a newer service perhaps, may concern anything.
        if (change.success) listener.apply(change.data)
        else listener.flush()
      }
      if (isComplete) return listener.validated(requestedAtMs - ageMs)
    }
  }
}
