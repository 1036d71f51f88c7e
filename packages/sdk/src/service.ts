import { type AnswerOf, type JsonRoute, KeywellError, type Secret } from '@keywell/protocol'
import {
  boundedText,
  errorOf,
  type Failure,
  failureAnswered,
  linesOf,
  parseAnswer,
  parseJson,
  TooLargeError,
  unreachable,
} from './answer.ts'
import { Deadline } from './deadline.ts'
import { type Call, type InputOf, requestOf, type Schema } from './request.ts'
import { pauseMs } from './retry.ts'

/** Of one call, beside what it is about. */
export interface CallOptions {
  /** Ends the call; it then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Names this change: repeated under the same key it is made once. Default: a UUID for each call, the same on
   * each of its retries. Give your own where the same change may be asked for again after a crash.
   */
  readonly idempotencyKey?: string | undefined
}

/** Of a call that may take longer, or answer more, than the others. */
export interface CallBounds {
  /** Milliseconds, retries included. Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
  /** Characters. Default: 5,000,000. */
  readonly maxAnswerLength?: number | undefined
}

export interface ServiceOptions {
  readonly url: URL
  readonly apiKey: Secret
  readonly fetch: typeof globalThis.fetch
  /** Bounds a call with all its retries. */
  readonly requestTimeoutMs: number
  readonly retries: number
  readonly random: () => number
}

/** A call as it is sent, once or more. */
interface Prepared {
  readonly call: Call<unknown>
  readonly url: URL
  readonly headers: Record<string, string>
  readonly maxAnswerLength: number | undefined
}

/** The service as seen from a backend: one deadline, one parser, one way to fail. */
export class Service {
  readonly #options: ServiceOptions

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  /** Calls a route of the table with an input of the caller, which is checked here before it is sent. */
  async request<One extends JsonRoute>(
    route: One,
    name: string,
    input: InputOf<One>,
    options?: CallOptions & CallBounds,
  ): Promise<AnswerOf<One>> {
    // The route's own schema, which TypeScript sees as that of any route.
    const schema = route.answer.schema as Schema<AnswerOf<One>>
    return this.call({ ...requestOf(route, name, input), schema }, options)
  }

  /**
   * Sends a call and parses its answer. What fails in passing is sent again. A change is sent under one key, which
   * the service carries out once, whatever was lost on the way.
   * Throws `KeywellError`, or the reason of the caller's signal; never anything else.
   */
  async call<Answer>(call: Call<Answer>, options: CallOptions & CallBounds = {}): Promise<Answer> {
    const { signal, timeoutMs = this.#options.requestTimeoutMs } = options
    const url = this.urlOf(call)
    const headers = this.#headersOf(call, options)
    signal?.throwIfAborted()
    const deadline = new Deadline(timeoutMs, signal)
    const request = { call, url, headers, maxAnswerLength: options.maxAnswerLength }
    try {
      const json = await deadline.wait(this.#retried(request, deadline))
      return parseAnswer(call.schema, json, url)
    } catch (cause) {
      signal?.throwIfAborted()
      throw cause instanceof KeywellError ? cause : unreachable(url, cause, timeoutMs)
    }
  }

  /**
   * Sends a call whose answer is lines of JSON, as many as there are, and parses each as it is taken. The
   * deadline is that of a pause between them. Throws `KeywellError`, also for an answer that breaks off.
   */
  async *lines<Line>(call: Omit<Call<Line>, 'body'>): AsyncGenerator<Line, void, void> {
    const url = this.urlOf(call)
    const deadline = new Deadline(this.#options.requestTimeoutMs)
    try {
      const opened = this.#open(call, url, this.#headersOf(call, {}), deadline.signal)
      const response = await deadline.wait(opened)
      const { status } = response
      if (status < 200 || status > 299) {
        throw errorOf(url, status, parseJson(await deadline.wait(boundedText(response))))
      }
      for await (const line of linesOf(response, deadline)) {
        yield parseAnswer(call.schema, parseJson(line), url)
      }
    } catch (cause) {
      throw cause instanceof KeywellError ? cause : this.#unreachable(url, cause)
    }
  }

  /** The headers that every request carries. */
  headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#options.apiKey.expose()}` }
  }

  urlOf(call: Pick<Call<unknown>, 'path' | 'query'>): URL {
    const base = this.#options.url
    const url = new URL(base.pathname.replace(/\/$/, '') + call.path, base)
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    return url
  }

  /** Attempts, until one is answered, fails for good or leaves no time for another. */
  async #retried(request: Prepared, deadline: Deadline): Promise<unknown> {
    const { call } = request
    for (let failures = 1; ; failures += 1) {
      const { json, failure } = await this.#attempt(request, deadline.signal)
      if (failure === undefined) return json
      const { error } = failure
      if (failures > this.#options.retries || !mayRepeat(call, failure)) throw error
      const waitMs = pauseMs(failures, this.#options.random(), error.retryAfterMs)
      if (waitMs >= deadline.leftMs) throw error
      await deadline.sleep(waitMs)
    }
  }

  async #attempt(
    { call, url, headers, maxAnswerLength }: Prepared,
    signal: AbortSignal,
  ): Promise<{ json?: unknown; failure?: Failure }> {
    try {
      const response = await this.#open(call, url, headers, signal)
      const json = parseJson(await boundedText(response, maxAnswerLength))
      if (response.ok) return { json }
      return { failure: failureAnswered(url, response, json) }
    } catch (cause) {
      // The deadline, or the caller.
      if (signal.aborted) throw cause
      const error = this.#unreachable(url, cause)
      const isPassing = !(cause instanceof TooLargeError)
      return { failure: { error, isPassing, isHalfway: false } }
    }
  }

  #headersOf(
    call: Omit<Call<unknown>, 'schema'>,
    { idempotencyKey }: CallOptions,
  ): Record<string, string> {
    const headers: Record<string, string> = { ...this.headers(), accept: 'application/json' }
    for (const [name, value] of Object.entries(call.headers ?? {})) {
      if (value !== undefined) headers[name] = value
    }
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    if (isWriting(call)) headers['idempotency-key'] = keyOf(idempotencyKey)
    return headers
  }

  #open(
    call: Omit<Call<unknown>, 'schema'>,
    url: URL,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    return this.#options.fetch(url, {
      method: call.method,
      headers,
      redirect: 'manual',
      signal,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
  }

  #unreachable(url: URL, cause: unknown): KeywellError {
    return unreachable(url, cause, this.#options.requestTimeoutMs)
  }
}

function isWriting({ method, isRead }: Omit<Call<unknown>, 'schema'>): boolean {
  return method !== 'GET' && isRead !== true
}

/** Methods whose effect is the same when they are repeated (RFC 9110 section 9.2.2). */
const repeatableMethods: readonly Call<unknown>['method'][] = ['GET', 'PUT', 'DELETE']

function mayRepeat(call: Call<unknown>, { isPassing, isHalfway }: Failure): boolean {
  const isRepeatable = !isWriting(call) || repeatableMethods.includes(call.method)
  return isPassing && (isRepeatable || !isHalfway)
}

/** Goes into a header. */
function keyOf(chosen: string | undefined): string {
  if (chosen === undefined) return crypto.randomUUID()
  if (/^[\x21-\x7e]{1,255}$/.test(chosen)) return chosen
  throw new TypeError(
    'Keywell: `idempotencyKey` must be 1 to 255 characters of printable ASCII without spaces.',
  )
}
