import { heartbeatMs, KeywellError, type StreamEvent, streamEventSchema } from '@keywell/protocol'
import type { EventSourceMessage } from 'eventsource-parser'
import type { ChangeListener } from './change-listener.ts'
import type { ChangeLog } from './change-log.ts'
import type { OpenStream } from './open-stream.ts'
import { readEvents } from './server-sent-events.ts'
import { StreamOrder } from './stream-order.ts'

/** A stream that has been silent for three heartbeats is lost. */
const silenceMs = 3 * heartbeatMs
const firstRetryMs = 100
const longestRetryMs = 10_000

export interface ChangeStreamParts {
  readonly url: URL
  readonly headers: () => Record<string, string>
  readonly open: OpenStream
  readonly log: ChangeLog
  readonly random: () => number
  readonly listener: ChangeListener
  readonly onError: (error: KeywellError) => void
}

/**
 * Follows `GET /v1/changes` for as long as the process lives: comes back after every break, where it
 * stopped, and says so when that was not possible. It begins where the log was read to, so that nothing
 * falls between. Its timers never keep a process alive.
 */
export class ChangeStream {
  readonly #parts: ChangeStreamParts
  readonly #order: StreamOrder
  #failures = 0
  /** The failure that was reported last: one that lasts is reported once. */
  #reported = ''
  #isStarted = false
  #isClosed = false
  #connection: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ChangeStreamParts) {
    this.#parts = parts
    this.#order = new StreamOrder(parts.listener)
  }

  /** Begins to follow; a second call does nothing. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#follow()
  }

  /** Has the log read on. What goes wrong is reported; the next call tries again. */
  async readLog(): Promise<void> {
    await this.#parts.log.read().catch((error: unknown) => this.#fail(error))
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
        this.#fail(error)
      }
      this.#connection.abort()
      if (!this.#isClosed) await this.#pause()
    }
  }

  /** Reads one connection to its end. */
  async #read(connection: AbortController): Promise<void> {
    const { url, headers, open, log } = this.#parts
    if (log.position === undefined) await log.read()
    if (log.position !== undefined) this.#order.begin(log.position)
    this.#watch(connection)
    const { position } = this.#order
    const resume = position === undefined ? {} : { 'last-event-id': position }
    const own = { ...headers(), ...resume, accept: 'text/event-stream' }
    const stream = await open(url, own, connection.signal)
    if (stream.status === 401) throw unauthorized(url)
    if (stream.status !== 200 || !stream.contentType.startsWith('text/event-stream')) {
      throw new Error(`answered ${stream.status} ${stream.contentType}, and not with events`)
    }
    for await (const sent of readEvents(stream.bytes)) {
      if (connection.signal.aborted) return
      this.#watch(connection)
      const event = parseEvent(sent)
      if (event === undefined) continue
      this.#order.take(event)
      if (event.event !== 'heartbeat') continue
      this.#failures = 0
      this.#reported = ''
    }
  }

  #watch(connection: AbortController): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => connection.abort(new Error(`was silent for ${silenceMs} ms`)),
      silenceMs,
    )
    this.#timer.unref?.()
  }

  #fail(error: unknown): void {
    const { url, listener, onError } = this.#parts
    const failure = asKeywellError(url, error)
    if (failure.code === 'unauthorized') listener.refuse()
    if (this.#isClosed || failure.message === this.#reported) return
    this.#reported = failure.message
    onError(failure)
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

function unauthorized({ origin }: URL): KeywellError {
  return new KeywellError('unauthorized', `The service at ${origin} does not take this API key.`, {
    nextStep: 'Make a new API key and give it to this backend. Until then nothing is read.',
  })
}

/** @returns undefined for an event of a newer service, which is not known here */
function parseEvent({ event, data }: EventSourceMessage): StreamEvent | undefined {
  const read = streamEventSchema.safeParse({ ...parseObject(data), event })
  return read.success ? read.data : undefined
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Below.
  }
  throw new Error('sent an event that is no JSON object')
}

function asKeywellError(url: URL, error: unknown): KeywellError {
  if (error instanceof KeywellError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new KeywellError('unavailable', `The change stream at ${url.origin} ${reason}.`, {
    cause: error,
    nextStep: `If this stays, check that nothing between here and ${url.origin} buffers or changes event streams. The stream is tried again, and until then credentials are compared with the service.`,
  })
}
