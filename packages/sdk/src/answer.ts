import { KeywellError, problemSchema } from '@keywell/protocol'
import { type Deadline, TimeoutError } from './deadline.ts'
import { LineReader } from './line-reader.ts'
import type { Schema } from './request.ts'
import { isPassingStatus, retryAfterMs } from './retry.ts'

/** Largest answer that is read, or line of one that is read by lines, in characters. */
const maxAnswerLength = 5_000_000

/** An answer that is not read to its end. */
export class TooLargeError extends Error {}

/** Why an attempt brought no answer. */
export interface Failure {
  readonly error: KeywellError
  /** The same call may do better a little later. */
  readonly isPassing: boolean
  /** The service has failed with it half-way, for all that is known; then it forgets the key. */
  readonly isHalfway: boolean
}

/** Throws `unavailable` where the answer does not fit. */
export function parseAnswer<Answer>(schema: Schema<Answer>, json: unknown, url: URL): Answer {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  // Where, never what: the answer may hold a credential.
  const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'the body').join(', ')
  throw unavailable(url, `answered something that does not fit the protocol (at ${where})`)
}

/** The lines of an answer. To take no more of them ends it. */
export async function* linesOf(
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
    // After an error this fails, too.
    await reader.cancel().catch(() => {})
  }
  if (lines.rest !== '') throw new Error('the answer ended in the middle of a line')
}

export async function boundedText(
  response: Response,
  maxLength: number = maxAnswerLength,
): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > maxLength) throw new TooLargeError('the answer is too large')
  }
  return text + decoder.decode()
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function failureAnswered(url: URL, { status, headers }: Response, json: unknown): Failure {
  const problem = problemSchema.safeParse(json)
  const isProblem = problem.success
  const error = errorOf(url, status, json, retryAfterMs(headers))
  // The attempt before this one is still at work, under the same key.
  const isUnderWay = error.code === 'conflict' && error.retryAfterMs !== undefined
  // What the service answers by another code with such a status is its answer, such as `refresh_in_progress`.
  const isPassing = isProblem
    ? isUnderWay || error.code === 'rate_limited' || error.code === 'unavailable'
    : isPassingStatus(status)
  return { error, isPassing, isHalfway: isProblem && error.code === 'unavailable' }
}

export function errorOf(url: URL, status: number, json: unknown, waitMs?: number): KeywellError {
  const problem = problemSchema.safeParse(json)
  if (problem.success) return KeywellError.fromProblem(problem.data)
  return unavailable(url, `answered ${status}, and not as the Keywell service does`, {
    retryAfterMs: isPassingStatus(status) ? waitMs : undefined,
  })
}

/** The service could not be reached, or not in time. */
export function unreachable(url: URL, cause: unknown, requestTimeoutMs: number): KeywellError {
  return unavailable(url, reasonOf(cause, requestTimeoutMs), { cause })
}

function reasonOf(cause: unknown, requestTimeoutMs: number): string {
  if (!(cause instanceof Error)) return 'could not be reached'
  if (cause instanceof TimeoutError) return `did not answer within ${requestTimeoutMs} ms`
  // Node's fetch says only "fetch failed"; the reason is its cause.
  const reason = cause.cause instanceof Error ? cause.cause : cause
  const code = 'code' in reason && typeof reason.code === 'string' ? reason.code : reason.message
  return `could not be reached (${code})`
}

function unavailable(
  url: URL,
  what: string,
  details: { cause?: unknown; retryAfterMs?: number | undefined } = {},
): KeywellError {
  return new KeywellError('unavailable', `The service at ${url.origin} ${what}.`, {
    ...details,
    nextStep: `Check that the Keywell service answers at ${url.origin}${url.pathname}, and that KEYWELL_URL names it.`,
  })
}
