import {
  changeSchema,
  formatPosition,
  isAfter,
  type Position,
  type StreamEvent,
} from '@keywell/protocol'
import type { ChangeNews } from '../cache/change-news.ts'
import { RefusedEvent } from './event-check.ts'

export interface ChangeListener {
  /** Everything up to that time of the local clock has been told. */
  heard(atMs: number): void
  /** The stream begins here; nothing before it is known. */
  coverFromNow(): void
  apply(change: ChangeNews): void
  /** Changes may have been missed. */
  flush(): void
  /** The API key is no longer taken: nothing that is held may be served. */
  refuse(): void
}

/** Where an event stands: it follows, or it is known already. */
export type Place = 'next' | 'old'

/** Takes the events of one connection, in the order in which they come. */
export interface Chapter {
  /** @throws RefusedEvent; Error when it is too late to be of use */
  take(event: StreamEvent): Place
}

export interface ChangeLogParts {
  readonly listener: ChangeListener
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** A stream that is behind by more is lost. */
  readonly lateMs: number
}

/**
 * How far the reader has been told the change log, over all connections. Every event names the
 * position that it follows, so what was left out shows, and what is told twice does nothing.
 */
export class ChangeLog {
  readonly #parts: ChangeLogParts
  /** Everything up to here has been told. */
  #told: Position | undefined

  constructor(parts: ChangeLogParts) {
    this.#parts = parts
  }

  /** Where to go on; undefined: nowhere yet. */
  get position(): string | undefined {
    return this.#told && formatPosition(this.#told)
  }

  /** @param streamId sent with the request that is about to be made */
  begin(streamId: string): Chapter {
    const { now, lateMs, listener } = this.#parts
    const askedAtMs = now()
    let helloAt: number | undefined
    let count = 0

    /**
     * When, by the local clock, what the service says of its own time was true. What arrives late must
     * not vouch for now: whoever holds heartbeats back and lets them through one by one would keep a
     * withdrawn credential alive. `hello` was made after it was asked for, and is nobody else's, so
     * that the time since then is known.
     */
    const localTimeOf = (at: number, since: number): number => {
      const atMs = Math.min(now(), askedAtMs + at - since)
      if (now() - atMs > lateMs) throw new Error(`is behind by ${Math.round(now() - atMs)} ms`)
      return atMs
    }

    return {
      take: (event) => {
        if (event.event === 'hello') {
          if (helloAt !== undefined || event.stream !== streamId) {
            throw new RefusedEvent('sent the beginning of another stream')
          }
          helloAt = event.at
          this.#beginAt(event.position)
          return 'next'
        }
        if (helloAt === undefined) throw new RefusedEvent('did not begin with its beginning')
        switch (event.event) {
          case 'flush':
            if (event.stream !== streamId || event.count <= count) return 'old'
            count = event.count
            this.#beginAt(event.position)
            return 'next'
          case 'heartbeat':
            if (this.#told !== undefined && isAfter(this.#told, event.position)) return 'old'
            if (this.#misses(event.after)) this.#beginAt(event.position)
            this.#told = event.position
            listener.heard(localTimeOf(event.at, helloAt))
            return 'next'
          case 'change': {
            if (this.#told !== undefined && !isAfter(event.position, this.#told)) return 'old'
            const change = changeSchema.safeParse(event.change)
            // One that is not understood, of a newer service perhaps, may concern anything.
            if (this.#misses(event.after) || !change.success) this.#beginAt(event.position)
            else listener.apply(change.data)
            this.#told = event.position
            return 'next'
          }
          default:
            return event satisfies never
        }
      },
    }
  }

  /** Whether something up to there has not been told. */
  #misses(after: Position): boolean {
    return this.#told === undefined || isAfter(after, this.#told)
  }

  /** Goes on from there. Nothing was missed if everything up to there had been told. */
  #beginAt(position: Position): void {
    const { listener } = this.#parts
    const told = this.#told
    this.#told = position
    if (told !== undefined && !isAfter(position, told) && !isAfter(told, position)) return
    if (told !== undefined) listener.flush()
    listener.coverFromNow()
  }
}
