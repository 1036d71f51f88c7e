/** A provider may ask for a day, for a limit that concerns one call of many. */
export const longestPauseMs = 600_000

/**
 * `Retry-After` in milliseconds: seconds, or a date, which is compared with the other side's own
 * `Date` (RFC 9110 section 10.2.3). Null when there is none, or none that says to wait: a negative
 * number, a text, a date that has passed. At most ten minutes.
 */
export function readRetryAfter(headers: {
  'retry-after'?: string | undefined
  date?: string | undefined
}): number | null {
  const value = headers['retry-after']?.trim() ?? ''
  const waitMs = /^\d+(\.\d+)?$/.test(value)
    ? Number(value) * 1000
    : readDate(value) - readDate(headers.date)
  return waitMs > 0 ? Math.min(waitMs, longestPauseMs) : null
}

/** NaN for what is no date of HTTP; `Date.parse` alone would take `-5` for the first of a May. */
function readDate(text = ''): number {
  return /^[A-Z][a-z]{2,8}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN
}
