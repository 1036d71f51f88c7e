import type { IncomingHttpHeaders } from 'node:http'
import { type Dispatcher, errors } from 'undici'
import { ConnectFailure } from './connect-failure.ts'
import { OutboundError, type OutboundFailure } from './errors.ts'
import type { OutgoingRequest } from './request.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As it was sent: not yet decompressed. */
  readonly body: Uint8Array
}

export interface Bounds {
  /** From now to the last byte of the answer; names, connection and waiting for one included. */
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly signal?: AbortSignal | null | undefined
  /** Called right before the first byte is written. What it throws ends the call: not sent. */
  readonly ready?: (() => void) | undefined
  /** Called when a body is longer than `maxBytes`, which ends it there. Default: the call fails. */
  readonly onCut?: (() => void) | undefined
}

/**
 * Sends one request, once, and reads the whole answer. Below `fetch` on purpose: `fetch` may send a
 * request again by itself (after a 421), and it doesn't say whether one was written.
 *
 * @throws OutboundError
 */
export function exchange(
  dispatcher: Dispatcher,
  request: OutgoingRequest,
  bounds: Bounds,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const handler = new ExchangeHandler(new URL(request.origin).host, bounds, { resolve, reject })
    if (!handler.over) dispatcher.dispatch(request, handler)
  })
}

interface Settle {
  resolve(answer: Answer): void
  reject(error: OutboundError): void
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #host: string
  readonly #bounds: Bounds
  readonly #settle: Settle
  readonly #timer: NodeJS.Timeout
  readonly #giveUp = () => this.#fail('aborted')
  /** Set just before the first byte is written. */
  #controller: Dispatcher.DispatchController | undefined
  /** The promise is settled. */
  over = false
  #head: Pick<Answer, 'status' | 'headers'> = { status: 0, headers: {} }
  #body = new Uint8Array(4_096)
  #size = 0

  constructor(host: string, bounds: Bounds, settle: Settle) {
    this.#host = host
    this.#bounds = bounds
    this.#settle = settle
    this.#timer = setTimeout(() => this.#fail('timeout'), bounds.timeoutMs)
    bounds.signal?.addEventListener('abort', this.#giveUp)
    if (bounds.signal?.aborted) this.#giveUp()
  }

  /** undici calls this with a connected socket at hand, and writes the request when it returns. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while waiting for the socket, or about to be written a second time.
    if (this.over || this.#controller || !this.#isReady()) controller.abort(new Error('given up'))
    else this.#controller = controller
  }

  /** The last look before there is no way back; it may also have given the call up. */
  #isReady(): boolean {
    try {
      this.#bounds.ready?.()
    } catch (error) {
      this.#fail('aborted', error)
    }
    return !this.over
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders): void {
    this.#head = { status, headers }
  }

  onResponseData(_: unknown, chunk: Uint8Array): void {
    const left = this.#bounds.maxBytes - this.#size
    if (chunk.length <= left) this.#append(chunk)
    else if (this.#bounds.onCut === undefined) this.#fail('too_large')
    else this.#cut(chunk.subarray(0, left), this.#bounds.onCut)
  }

  onResponseEnd(): void {
    const body = this.#body.subarray(0, this.#size)
    if (this.#end()) this.#settle.resolve({ ...this.#head, body })
  }

  onResponseError(_: unknown, error: Error): void {
    this.#fail(classify(error, this.#controller !== undefined), error)
  }

  /** Into one buffer: a million chunks of one byte must not become a million objects. */
  #append(chunk: Uint8Array): void {
    const size = this.#size + chunk.length
    if (size > this.#body.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#body.length))
      grown.set(this.#body)
      this.#body = grown
    }
    this.#body.set(chunk, this.#size)
    this.#size = size
  }

  /** The rest is not read. */
  #cut(last: Uint8Array, onCut: () => void): void {
    if (this.over) return
    this.#append(last)
    onCut()
    this.onResponseEnd()
    this.#controller?.abort(new Error('cut off'))
  }

  #fail(reason: OutboundFailure, error?: unknown): void {
    if (!this.#end()) return
    const notSent = this.#controller === undefined
    const cause = safeCause(error)
    this.#settle.reject(new OutboundError(reason, { host: this.#host, notSent, cause }))
    this.#controller?.abort(new Error('given up'))
  }

  /** True the first time. */
  #end(): boolean {
    if (this.over) return false
    this.over = true
    clearTimeout(this.#timer)
    this.#bounds.signal?.removeEventListener('abort', this.#giveUp)
    return true
  }
}

function classify(error: Error, started: boolean): OutboundFailure {
  if (error instanceof ConnectFailure) return error.reason
  if (!started) return 'unreachable'
  if (error instanceof errors.HeadersOverflowError) return 'too_large'
  return error instanceof errors.HTTPParserError ? 'bad_answer' : 'reset'
}

/** A parser's error carries the bytes that it could not read; those belong in no log. */
function safeCause(error: unknown): unknown {
  if (error instanceof ConnectFailure) return error.cause
  return error instanceof errors.HTTPParserError ? undefined : error
}
