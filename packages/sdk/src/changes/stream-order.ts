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
 * How far the stream has told the change log, over all connections to it. Every event names the position
 * that it follows, so what was left out shows, and what is told twice does nothing.
 */
export class StreamOrder {
  readonly #listener: Pick<ChangeListener, 'suspect' | 'flush'>
  /** Everything up to here has been told. */
  #told: Position | undefined

  constructor(listener: Pick<ChangeListener, 'suspect' | 'flush'>) {
    this.#listener = listener
  }

  /** Where to go on; undefined: nowhere yet. */
  get position(): string | undefined {
    return this.#told && formatPosition(this.#told)
  }

  /** @param position where the first connection begins; further ones go on where the last one stopped */
  begin(position: string): void {
    this.#told ??= parsePosition(position)
  }

  take(event: StreamEvent): void {
    switch (event.event) {
      case 'hello':
        if (this.#told !== undefined && isAfter(event.position, this.#told)) this.#listener.flush()
        this.#told = event.position
        return
      case 'flush':
        this.#told = event.position
        this.#listener.flush()
        return
      case 'heartbeat':
      case 'change':
        if (this.#told !== undefined && !isAfter(event.position, this.#told)) return
        if (this.#told === undefined || isAfter(event.after, this.#told)) this.#listener.flush()
        else if (event.event === 'change') this.#takeChange(event.change)
        this.#told = event.position
        return
      default:
        event satisfies never
    }
  }

  #takeChange(told: unknown): void {
    const change = changeSchema.safeParse(told)
    // One that is not understood, of a newer service perhaps, may concern anything.
    if (change.success) this.#listener.suspect(change.data)
    else this.#listener.flush()
  }
}
