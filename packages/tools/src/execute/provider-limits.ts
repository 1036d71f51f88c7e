/** What an answer says of the provider's own limits. Each header may be missing, or wrong. */
interface Answer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
}

const leastPauseMs = 1_000
const mostPauseMs = 300_000
/** Where a provider refuses, and does not say for how long. */
const defaultPauseMs = 60_000

/** Whether the provider refused because there were too many calls. Some answer 403. */
export function isLimited({ status, headers }: Answer): boolean {
  if (status === 429) return true
  return status === 403 && (headers.get('retry-after') !== null || remainingOf(headers) === 0)
}

/** How long the connection rests, in milliseconds; 0: not at all. */
export function pauseOf(answer: Answer, nowMs: number): number {
  const { headers } = answer
  if (isLimited(answer)) {
    return bounded(retryAfterMs(headers, nowMs) ?? resetMs(headers, nowMs) ?? defaultPauseMs)
  }
  return remainingOf(headers) === 0 ? bounded(resetMs(headers, nowMs) ?? leastPauseMs) : 0
}

/** Seconds or a date (RFC 9110 section 10.2.3), in milliseconds from now. */
export function retryAfterMs(headers: Answer['headers'], nowMs: number): number | undefined {
  const text = headers.get('retry-after')
  if (text === null) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

function remainingOf(headers: Answer['headers']): number | undefined {
  return countOf(headers, 'remaining')
}

/** The moment is in seconds since 1970. */
function resetMs(headers: Answer['headers'], nowMs: number): number | undefined {
  const seconds = countOf(headers, 'reset')
  return seconds === undefined ? undefined : Math.max(0, seconds * 1_000 - nowMs)
}

function countOf(headers: Answer['headers'], name: string): number | undefined {
  const text = headers.get(`ratelimit-${name}`) ?? headers.get(`x-ratelimit-${name}`)
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function bounded(ms: number): number {
  return Math.min(mostPauseMs, Math.max(leastPauseMs, ms))
}
