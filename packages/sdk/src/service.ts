import { KeywellError, problemSchema, type Secret } from '@keywell/protocol'
import { LineReader } from './line-reader.ts'

/** Largest answer that is read, or line of one that is read by lines, in characters. */
const maxAnswerLength = 5_000_000

/** What this package needs of a zod schema. */
export interface Schema<Value> {
  safeParse(
    value: unknown,
  ): { success: true; data: Value } | { success: false; error: { issues: readonly Issue[] } }
}
interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

export interface Call<Answer> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the service's base URL; parts that came from outside are encoded. */
  path: string
  /** Entries that are undefined are left out. */
  query?: Record<string, string | number | undefined>
  body?: unknown
  schema: Schema<Answer>
}

export interface ServiceOptions {
  readonly url: URL
  readonly apiKey: Secret
  readonly fetch: typeof globalThis.fetch
  readonly requestTimeoutMs: number
}

/** The service as seen from a backend: one deadline, one parser, one way to fail. */
export class Service {
  readonly #options: ServiceOptions

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  /** Sends a call and parses its answer. Throws `KeywellError`; never anything else. */
  async call<Answer>(call: Call<Answer>): Promise<Answer> {
    const url = this.urlOf(call)
    const { status, text } = await this.#send(call, url)
    const json = parseJson(text)
    if (status < 200 || status > 299) throw errorOf(url, status, json)
    return parseAnswer(call.schema, json, url)
  }

  /**
   * Sends a call whose answer is lines of JSON, as many as there are, and parses each as it is taken. The
   * deadline is that of a pause between them. Throws `KeywellError`, also for an answer that breaks off.
   */
  async *lines<Line>(call: Omit<Call<Line>, 'body'>): AsyncGenerator<Line, void, void> {
    const url = this.urlOf(call)
    const deadline = new Deadline(this.#options.requestTimeoutMs)
    try {
      const response = await deadline.wait(this.#open(call, url, deadline.signal))
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

  async #send(call: Call<unknown>, url: URL): Promise<{ status: number; text: string }> {
    const deadline = new Deadline(this.#options.requestTimeoutMs)
    const read = async () => {
      const response = await this.#open(call, url, deadline.signal)
      return { status: response.status, text: await boundedText(response) }
    }
    try {
      return await deadline.wait(read())
    } catch (cause) {
      throw this.#unreachable(url, cause)
    }
  }

  #open(call: Omit<Call<unknown>, 'schema'>, url: URL, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { ...this.headers(), accept: 'application/json' }
    if (call.body !== undefined) headers['content-type'] = 'application/json'
    return this.#options.fetch(url, {
      method: call.method,
      headers,
      redirect: 'manual',
      signal,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    })
  }

  #unreachable(url: URL, cause: unknown): KeywellError {
    return unavailable(url, failureOf(cause, this.#options.requestTimeoutMs), cause)
  }
}

/** Reads query or body of the caller by the protocol; a misfit names the field. */
export function parseInput<Value>(schema: Schema<Value>, input: unknown, name: string): Value {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.')
  throw new KeywellError(
    'invalid_request',
    `${name}: ${field ? `"${field}" ` : ''}${issue?.message ?? 'does not fit'}`,
  )
}

class TimeoutError extends Error {}

/** Aborts what takes longer than told. */
class Deadline {
  readonly #controller = new AbortController()
  readonly #ms: number

  constructor(ms: number) {
    this.#ms = ms
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Waits for something that ends with the signal. */
  async wait<Result>(work: Promise<Result>): Promise<Result> {
    // Not AbortSignal.timeout: its timer would outlive the work, one for each, until it fires.
    const timer = setTimeout(() => this.#controller.abort(new TimeoutError()), this.#ms)
    try {
      return await work
    } finally {
      clearTimeout(timer)
    }
  }
}

function parseAnswer<Answer>(schema: Schema<Answer>, json: unknown, url: URL): Answer {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  // Where, never what: the answer may hold a credential.
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'the body').join(', ')
  throw unavailable(url, `answered something that does not fit the protocol (at ${where})`)
}

/** Whoever takes no more of them ends the answer. */
async function* linesOf(
  response: Response,
  deadline: Deadline,
): AsyncGenerator<string, void, void> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  const lines = new LineReader(maxAnswerLength)
  try {
    for (;;) {
      const { done, value } = await deadline.wait(reader.read())
      if (done) break
      yield* lines.push(value)
    }
  } finally {
    // After an error there is nothing to be told.
    await reader.cancel().catch(() => {})
  }
  if (lines.rest !== '') throw new Error('the answer ended in the middle of a line')
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > maxAnswerLength) throw new Error('the answer is too large')
  }
  return text + decoder.decode()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function errorOf(url: URL, status: number, json: unknown): KeywellError {
  const problem = problemSchema.safeParse(json)
  if (problem.success) return KeywellError.fromProblem(problem.data)
  return unavailable(url, `answered ${status}, and not as the Keywell service does`)
}

function failureOf(cause: unknown, requestTimeoutMs: number): string {
  if (!(cause instanceof Error)) return 'could not be reached'
  if (cause instanceof TimeoutError) return `did not answer within ${requestTimeoutMs} ms`
  // Node's fetch says only "fetch failed"; the reason is its cause.
  const reason = cause.cause instanceof Error ? cause.cause : cause
  const code = 'code' in reason && typeof reason.code === 'string' ? reason.code : reason.message
  return `could not be reached (${code})`
}

function unavailable(url: URL, what: string, cause?: unknown): KeywellError {
  return new KeywellError('unavailable', `The service at ${url.origin} ${what}.`, {
    cause,
    nextStep: `Check that the Keywell service answers at ${url.origin}${url.pathname}, and that KEYWELL_URL names it.`,
  })
}
