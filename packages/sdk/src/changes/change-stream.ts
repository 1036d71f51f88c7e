import {
  changeEvents,
  changeSchema,
  heartbeatMs,
  helloSchema,
  KeywellError,
} from '@keywell/protocol'
import type { ChangeNews } from '../cache/change-news.ts'
import type { OpenStream } from './open-stream.ts'
import { readEvents, type ServerSentEvent } from './server-sent-events.ts'

/** A stream that has been silent for three heartbeats is lost. */
const silenceMs = 3 * heartbeatMs
const firstRetryMs = 100
const longestRetryMs = 10_000

export interface ChangeListener {
  /** Everything up to now has been told. */
  heard(): void
  /** The stream begins here; nothing before it is known. */
  coverFromNow(): void
  apply(change: ChangeNews): void
  /** Changes may have been missed. */
  flush(): void
}

export interface ChangeStreamParts {
  readonly url: URL
  readonly headers: () => Record<string, string>
  readonly open: OpenStream
  readonly random: () => number
  readonly listener: ChangeListener
  readonly onError: (error: KeywellError) => void
}

/**
 * Follows `GET /v1/changes` for as long as the process lives: comes back after every break, where it
 * stopped, and says so when that was not possible. Its timers never keep a process alive.
 */
export class ChangeStream {
  readonly #parts: ChangeStreamParts
  #position: string | undefined
  #failures = 0
  #isStarted = false
  #isClosed = false
  #connection: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ChangeStreamParts) {
    this.#parts = parts
  }

  /** Begins to follow; a second call does nothing. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#follow()
  }

  close(): void {
    this.#isStarted = true
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#connection?.abort()
  }

  async #follow(): Promise<void> {
    while (!this.#isClosed) {
      this.#connection = new AbortController()
      try {
        await this.#read(this.#connection)
      } catch (error) {
        if (!this.#isClosed) this.#parts.onError(asKeywellError(this.#parts.url, error))
      }
      this.#connection.abort()
      if (!this.#isClosed) await this.#pause()
    }
  }

  /** Reads one connection to its end. */
  async #read(connection: AbortController): Promise<void> {
    const { url, headers, open } = this.#parts
    this.#watch(connection)
    const resume = this.#position === undefined ? {} : { 'last-event-id': this.#position }
    const stream = await open(
      url,
      { ...headers(), ...resume, accept: 'text/event-stream' },
      connection.signal,
    )
    if (stream.status !== 200 || !stream.contentType.startsWith('text/event-stream')) {
      throw new Error(`answered ${stream.status} ${stream.contentType}, and not with events`)
    }
    // A heartbeat says that everything up to now was told.
    const onComment = (): void => this.#parts.listener.heard()
    for await (const event of readEvents(this.#listening(stream.bytes, connection), onComment)) {
      this.#take(event)
    }
  }

  /** Bytes of any kind say that the connection lives. */
  async *#listening(
    bytes: AsyncIterable<Uint8Array>,
    connection: AbortController,
  ): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of bytes) {
      this.#watch(connection)
      yield chunk
    }
  }

  #take({ event, data, id }: ServerSentEvent): void {
    const { listener } = this.#parts
    if (event === changeEvents.hello) {
      const { position } = helloSchema.parse(JSON.parse(data))
      this.#failures = 0
      if (this.#position === undefined) listener.coverFromNow()
      this.#position ??= position
    } else if (event === changeEvents.flush) {
      listener.flush()
      listener.coverFromNow()
    } else if (event === changeEvents.change) {
      const change = changeSchema.safeParse(JSON.parse(data))
      // One that is not understood, of a newer service perhaps, may concern anything.
      if (change.success) listener.apply(change.data)
      else listener.flush()
    }
    if (id !== undefined && id !== '') this.#position = id
  }

  #watch(connection: AbortController): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => connection.abort(new Error(`was silent for ${silenceMs} ms`)),
      silenceMs,
    )
    this.#timer.unref?.()
  }

  async #pause(): Promise<void> {
    const longestMs = Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs)
    this.#failures += 1
    await new Promise<void>((resolve) => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(resolve, longestMs * (0.5 + this.#parts.random() / 2))
      this.#timer.unref?.()
    })
  }
}

function asKeywellError(url: URL, error: unknown): KeywellError {
  if (error instanceof KeywellError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new KeywellError('unavailable', `The change stream at ${url.origin} ${reason}.`, {
    cause: error,
    nextStep: `Nothing has to be done: it is tried again, and until then credentials are compared with the service. If this stays, check that nothing between here and ${url.origin} buffers event streams.`,
  })
}
