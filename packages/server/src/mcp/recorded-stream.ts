import { createSignal } from '../signal.ts'

/** After a break the client waits for so long, in milliseconds. */
const retryMs = 1_000

const encoder = new TextEncoder()

/** A stream of events that is read to its end whoever listens, and can be read again from any of its events. */
export class RecordedStream {
  readonly #id: string
  readonly #events: Uint8Array[] = []
  readonly #more = createSignal()
  #isComplete = false

  constructor(options: {
    id: string
    body: ReadableStream<Uint8Array>
    /** Whether the client takes an event without data, after which it can come back. */
    isPrimed: boolean
    /** Called once, when the whole stream is there. */
    onEnd: () => void
  }) {
    this.#id = options.id
    if (options.isPrimed) this.#push(`retry: ${retryMs}\ndata: \n\n`)
    void this.#record(options.body).then(options.onEnd)
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  get bytes(): number {
    return this.#events.reduce((sum, { length }) => sum + length, 0)
  }

  /** What comes after the first `count` events. */
  after(count: number): ReadableStream<Uint8Array> {
    let next = Number.isSafeInteger(count) && count > 0 ? count : 0
    const left = new AbortController()
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        while (next >= this.#events.length && !this.#isComplete && !left.signal.aborted) {
          await this.#more.next(left.signal)
        }
        const event = this.#events[next]
        next += 1
        if (event !== undefined) controller.enqueue(event)
        else if (!left.signal.aborted) controller.close()
      },
      cancel: () => left.abort(),
    })
  }

  /** Never rejects: a stream that breaks has ended. */
  async #record(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    const reader = body.getReader()
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        // The protocol's library writes one event, or one comment, at a time.
        this.#push(decoder.decode(read.value, { stream: true }))
      }
    } catch {
      // The call was cancelled.
    }
    this.#isComplete = true
    this.#more.notify()
  }

  #push(text: string): void {
    const id = text.startsWith(':') ? '' : `id: ${this.#id}_${this.#events.length + 1}\n`
    this.#events.push(encoder.encode(id + text))
    this.#more.notify()
  }
}
