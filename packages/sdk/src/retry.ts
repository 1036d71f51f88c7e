/** When a call that failed is sent again, and how long that waits. */

/** Pauses: at random up to the first, doubled with each failure, and never longer than the other. */
const firstPauseMs = 200
const longestPauseMs = 10_000

/**
 * Milliseconds to wait after a failure: what the service asks for, and a random part, so that clients that
 * failed together do not come back together.
 *
 * @param failures in a row, this one included
 * @param random from 0 up to 1
 */
export function pauseMs(failures: number, random: number, retryAfterMs: number = 0): number {
  return retryAfterMs + random * Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs)
}

/** Statuses of a server, or of a proxy before it, that cannot serve now and may later. */
const passingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504])

export function isPassingStatus(status: number): boolean {
  return passingStatuses.has(status)
}

/** `Retry-After` in milliseconds, as seconds or as a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now())
}
