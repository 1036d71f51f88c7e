import {
  type Change,
  type ChangeLogPage,
  changeSchema,
  type StreamEventData,
  streamEventSchema,
} from '@keywell/protocol'

/** What no service understands yet. */
const unknownChange = { kind: 'of a later version' }

/**
 * The change log of the stand-in and its streams, which can lose, hold back, repeat and invent events. What
 * is sent as the service would send it must fit the protocol; what is forged need not.
 */
export class StandInChanges {
  /** Milliseconds between heartbeats. */
  heartbeatMs = 20
  /** Streams stay open and say nothing. */
  isSilent = false
  /** How old the pages of the log are, in milliseconds. */
  logAgeMs = 0
  /** Texts of all events that were sent to streams, in order. */
  readonly sent: string[] = []
  /** What was sent otherwise than the protocol says. */
  readonly faults: string[] = []
  /** Undefined: a change that was lost. */
  readonly #log: (Change | typeof unknownChange | undefined)[] = []
  #forgotten = 0
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>()

  get streams(): number {
    return this.#streams.size
  }

  /** The position and time of the next change. */
  nextPlace(): { position: string; at: string } {
    return { position: positionOf(this.#log.length + 1), at: new Date().toISOString() }
  }

  append(change: Change): void {
    const { error } = changeSchema.safeParse(change)
    if (error !== undefined) this.faults.push(`change ${change.kind}: ${error.message}`)
    this.#append(change)
  }

  /** A change of an unknown kind. */
  appendUnknown(): void {
    this.#append(unknownChange)
  }

  #append(change: Change | typeof unknownChange): void {
    this.#log.push(change)
    if (!this.isSilent) this.#emit(this.#changeAt(this.#log.length - 1))
  }

  /** A change is lost, and every stream says so. */
  flush(): void {
    this.#log.push(undefined)
    this.#emit({ event: 'flush', position: positionOf(this.#log.length) })
  }

  /** The log begins here: to resume from before is to flush. */
  forgetLog(): void {
    this.#forgotten = this.#log.length
  }

  /** An event that the service never sent, on every open stream. */
  forge(event: StreamEventData): void {
    this.send(textOf(event))
  }

  /** Text on every open stream, as it is. */
  send(text: string): void {
    this.sent.push(text)
    for (const stream of this.#streams) stream.enqueue(new TextEncoder().encode(text))
  }

  cutStreams(): void {
    for (const stream of this.#streams) stream.close()
    this.#streams.clear()
  }

  /** The answer of `GET /v1/changes`. */
  open(lastEventId: string | undefined): Response {
    let opened: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        opened = controller
        for (const event of this.#beginning(lastEventId)) {
          const text = this.#checked(event)
          this.sent.push(text)
          controller.enqueue(new TextEncoder().encode(text))
        }
        this.#streams.add(controller)
        const heart = setInterval(() => {
          if (!this.#streams.has(controller)) clearInterval(heart)
          else if (!this.isSilent) this.#beat()
        }, this.heartbeatMs)
      },
      cancel: () => {
        if (opened !== undefined) this.#streams.delete(opened)
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  /** The answer of `GET /v1/changes/log`: the log after a position, in one page. */
  page(after: string | undefined): ChangeLogPage {
    const end = this.#log.length
    const from = after === undefined ? end : numberOf(after)
    const missed = from < this.#forgotten || this.#log.slice(from).includes(undefined)
    return {
      changes: missed ? [] : this.#log.slice(from),
      position: positionOf(end),
      missed,
      isComplete: true,
      ageMs: this.logAgeMs,
    }
  }

  #beat(): void {
    const position = positionOf(this.#log.length)
    this.#emit({ event: 'heartbeat', after: position, position })
  }

  #emit(event: StreamEventData): void {
    this.send(this.#checked(event))
  }

  #checked(event: StreamEventData): string {
    const { error } = streamEventSchema.safeParse(event)
    if (error !== undefined) this.faults.push(`event ${event.event}: ${error.message}`)
    return textOf(event)
  }

  #beginning(lastEventId: string | undefined): StreamEventData[] {
    const end = this.#log.length
    const from = lastEventId === undefined ? end : numberOf(lastEventId)
    if (from < this.#forgotten) {
      const position = positionOf(end)
      return [
        { event: 'hello', position },
        { event: 'flush', position },
      ]
    }
    const changes = this.#log.slice(from).map((_, index) => this.#changeAt(from + index))
    return [{ event: 'hello', position: positionOf(from) }, ...changes]
  }

  #changeAt(index: number): StreamEventData {
    const [after, position] = [positionOf(index), positionOf(index + 1)]
    return { event: 'change', after, position, change: this.#log[index] }
  }
}

function textOf({ event, ...data }: StreamEventData): string {
  return `event: ${event}\nid: ${data.position}\ndata: ${JSON.stringify(data)}\n\n`
}

/** In the order of the log: its first change is 1. */
function positionOf(number: number): string {
  return `1.${number}.0`
}

function numberOf(position: string): number {
  return Number(position.split('.')[1])
}
