import {
  changeSchema,
  formatPosition,
  isAfter,
  type Position,
  parsePosition,
  type StreamEvent,
} from '@keywell/protocol'
import type { ChangeListener } from './change-listener.ts'

/**
 * How far the events of the stream have come, over all connections to it. Every event names the position
 * that it follows, so one that was left out shows, and one that comes twice does nothing.
 */
export class StreamOrder {
  readonly #listener: Pick<ChangeListener, 'suspect' | 'flush'>
  /** Every event up to here was received. */
  #received: Position | undefined

  constructor(listener: Pick<ChangeListener, 'suspect' | 'flush'>) {
    this.#listener = listener
  }

  /** Where to go on; undefined: nowhere yet. */
  get position(): string | undefined {
    return this.#received && formatPosition(this.#received)
  }

  /** @param position where the first connection begins; further ones go on where the last one stopped */
  begin(position: string): void {
    this.#received ??= parsePosition(position)
  }

  take(event: StreamEvent): void {
    switch (event.event) {
      case 'hello':
        if (this.#received !== undefined && isAfter(event.position, this.#received))
          this.#listener.flush()
        this.#received = event.position
        return
      case 'flush':
        this.#received = event.position
        this.#listener.flush()
        return
      case 'heartbeat':
      case 'change':
        if (this.#received !== undefined && !isAfter(event.position, this.#received)) return
        if (this.#received === undefined || isAfter(event.after, this.#received))
          this.#listener.flush()
        else if (event.event === 'change') this.#takeChange(event.change)
        this.#received = event.position
        return
      default:
        event satisfies never
    }
  }

  #takeChange(sent: unknown): void {
    const change = changeSchema.safeParse(sent)
    // One that is not understood, of a newer service perhaps, may concern anything.
    if (change.success) this.#listener.suspect(change.data)
    else this.#listener.flush()
  }
}
