import { heartbeatMs, KeywellError, streamIdHeader } from '@keywell/protocol'
import { type ChangeListener, ChangeLog } from './change-log.ts'
import { type EventCheck, RefusedEvent } from './event-check.ts'
import type { OpenStream } from './open-stream.ts'
import { readEvents } from './server-sent-events.ts'

/** A stream that has been silent for three heartbeats is lost. */
const silenceMs = 3 * heartbeatMs
const firstRetryMs = 100
const longestRetryMs = 10_000

export interface ChangeStreamParts {
  readonly url: URL
  readonly headers: () => Record<string, string>
  readonly open: OpenStream
  readonly check: EventCheck
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly random: () => number
  /** A word that nobody can guess and that was never used before. */
  readonly makeStreamId: () => string
  readonly listener: ChangeListener
  readonly onError: (error: KeywellError) => void
}

/**
 * Follows `GET /v1/changes` for as long as the process lives: comes back after every break, where it
 * stopped, and says so when that was not possible. Its timers never keep a process alive.
 */
export class ChangeStream {
  readonly #parts: ChangeStreamParts
  readonly #log: ChangeLog
  #failures = 0
  /** What was told of the trouble that lasts: the same is not told again. */
  #trouble = ''
  #isStarted = false
  #isClosed = false
  #connection: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ChangeStreamParts) {
    this.#parts = parts
    this.#log = new ChangeLog({ ...parts, lateMs: silenceMs })
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
        if (!this.#isClosed) this.#report(asKeywellError(this.#parts.url, error))
      }
      this.#connection.abort()
      if (!this.#isClosed) await this.#pause()
    }
  }

  /** Reads one connection to its end. */
  async #read(connection: AbortController): Promise<void> {
    const { url, headers, open, check, makeStreamId, listener } = this.#parts
    this.#watch(connection)
    const streamId = makeStreamId()
    const { position } = this.#log
    const resume = position === undefined ? {} : { 'last-event-id': position }
    const own = { ...headers(), ...resume, [streamIdHeader]: streamId }
    const chapter = this.#log.begin(streamId)
    const stream = await open(url, { ...own, accept: 'text/event-stream' }, connection.signal)
    if (stream.status === 401) {
      listener.refuse()
      throw unauthorized(url)
    }
    if (stream.status !== 200 || !stream.contentType.startsWith('text/event-stream')) {
      throw new Error(`answered ${stream.status} ${stream.contentType}, and not with events`)
    }
    for await (const { data } of readEvents(stream.bytes)) {
      const event = await check.read(data)
      if (connection.signal.aborted) return
      // Only what was signed, and not told before, says that the stream lives.
      if (event === undefined || chapter.take(event) === 'old') continue
      this.#watch(connection)
      if (event.event !== 'heartbeat') continue
      this.#failures = 0
      this.#trouble = ''
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

  #report(error: KeywellError): void {
    if (error.message === this.#trouble) return
    this.#trouble = error.message
    this.#parts.onError(error)
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

function asKeywellError(url: URL, error: unknown): KeywellError {
  if (error instanceof KeywellError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const cause =
    error instanceof RefusedEvent
      ? `Check that nothing between here and ${url.origin} changes event streams, and that the service is not older than this SDK.`
      : `If this stays, check that nothing between here and ${url.origin} buffers event streams.`
  return new KeywellError('unavailable', `The change stream at ${url.origin} ${reason}.`, {
    cause: error,
    nextStep: `${cause} The stream is tried again, and until then credentials are compared with the service.`,
  })
}
