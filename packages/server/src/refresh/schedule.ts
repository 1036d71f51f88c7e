import type { CredentialType } from '@keywell/protocol'
import type { Jitter } from '../clock.ts'
import type { Renewal } from './renewal-of.ts'

/** Taken off every life, so that a token is not handed out in its last moments. */
const safetyMs = 30_000
/** What the safety may cost of a short life. */
const safetyShare = 0.1

/**
 * When an access token that was just given ends, and when to renew it: between 15 and 30 % of its
 * life before the end, spread at random so that connections made together do not come due together.
 * Both in milliseconds from now; null for a token without an end, and for one that nothing renews.
 */
export function planLife(
  renewal: Renewal | Pick<Renewal, 'defaultExpiresIn'>,
  expiresInMs: number | null,
  jitter: Jitter,
  /** What the answer says of the refresh token. */
  refreshExpiresInMs: number | null = null,
): { lifeMs: number | null; refreshInMs: number | null } {
  const fullLifeMs = expiresInMs ?? secondsToMs(renewal.defaultExpiresIn)
  if (fullLifeMs === null) return { lifeMs: null, refreshInMs: null }
  const lifeMs = fullLifeMs - Math.min(safetyMs, fullLifeMs * safetyShare)
  if (!('rotation' in renewal)) return { lifeMs, refreshInMs: null }
  const refreshInMs = lifeMs - fullLifeMs * (0.15 + 0.15 * jitter())
  return { lifeMs, refreshInMs: Math.min(refreshInMs, idleBoundMs(renewal, refreshExpiresInMs)) }
}

/**
 * When to renew a dormant connection, which no backend has read for a long time: once a day, however short
 * its tokens live, so that a withdrawn grant is noticed; not more often than one in use; and often enough for
 * the provider to keep its refresh token. Spread at random over a quarter of the day.
 *
 * @param refreshInMs when it would be renewed in use; null: never
 * @returns milliseconds from now; null: never
 */
export function planDormantRefresh(
  renewal: Renewal,
  refreshInMs: number | null,
  jitter: Jitter,
  refreshExpiresInMs: number | null = null,
): number | null {
  if (refreshInMs === null) return null
  const dailyMs = 24 * hourMs * (0.75 + 0.25 * jitter())
  return Math.min(Math.max(refreshInMs, dailyMs), idleBoundMs(renewal, refreshExpiresInMs))
}

/**
 * Half of the time after which an unused refresh token ends: one attempt that fails may be repeated. At least a minute,
 * so that a wrong number makes no hot loop.
 */
function idleBoundMs({ refreshTokenLifetime }: Renewal, refreshExpiresInMs: number | null): number {
  const unusedMs = refreshExpiresInMs ?? secondsToMs(refreshTokenLifetime.idle)
  return unusedMs === null ? Number.POSITIVE_INFINITY : Math.max(minuteMs, unusedMs / 2)
}

/** No backend has read the connection for so long that it is renewed only once a day. */
export function isDormant(
  { readAgoMs }: { readAgoMs: number | null },
  { dormantAfterMs }: { dormantAfterMs: number },
): boolean {
  return readAgoMs === null || readAgoMs >= dormantAfterMs
}

/**
 * When to renew an access token when only the rest of its life is known: 15 to 30 % of that before its end, in
 * milliseconds from now; null for a token without an end.
 */
export function planRest(endsInMs: number | null, jitter: Jitter): number | null {
  return endsInMs === null ? null : endsInMs * (1 - 0.15 - 0.15 * jitter())
}

const secondsToMs = (seconds: number | null) => (seconds === null ? null : seconds * 1000)

const defaultBackoffMs = 1_000
const maxBackoffMs = 5 * 60_000

/**
 * Full jitter up to 1, 2, 4 … times `firstMs` and at most five minutes, and never less than half of it.
 *
 * @param firstMs Default: a second
 */
export function backoffMs(
  failures: number,
  jitter: Jitter,
  firstMs: number = defaultBackoffMs,
): number {
  const ceiling = Math.min(firstMs * 2 ** Math.min(failures, 20), maxBackoffMs)
  return firstMs / 2 + jitter() * ceiling
}

/**
 * A pause during which a token is served ends with that token: afterwards it would protect nothing.
 *
 * @param endsInMs null: it never ends
 */
export function withinLife(pauseMs: number, endsInMs: number | null): number {
  return endsInMs !== null && endsInMs > 0 ? Math.min(pauseMs, endsInMs) : pauseMs
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** Milliseconds between two probes of a connection; the first of each pair is for one that is in use. */
const probePauses = {
  renewed: { hot: 15 * minuteMs, cold: 6 * hourMs },
  /** API keys, and tokens without an end: only an act of a user or an administrator changes them. */
  lasting: { hot: hourMs, cold: 24 * hourMs },
}

/** A connection is hot for so long after a read. */
const hotForMs = hourMs

/**
 * When to probe a connection again, spread by 20 % to either side. A credential that nothing renews is probed
 * when it has ended.
 */
export function planProbe(
  connection: {
    type: CredentialType | null
    /** False: nothing renews it. Default: true, unless it is an API key. */
    renewable?: boolean
    /** Milliseconds until the end; null: it has none. */
    endsInMs: number | null
    readAgoMs: number | null
  },
  jitter: Jitter,
): number {
  const { type, endsInMs, readAgoMs } = connection
  const isKey = type === 'api_key'
  const { renewable = !isKey } = connection
  const pauses = isKey || endsInMs === null ? probePauses.lasting : probePauses.renewed
  const isHot = readAgoMs !== null && readAgoMs < hotForMs
  const pauseMs = (isHot ? pauses.hot : pauses.cold) * (0.8 + 0.4 * jitter())
  return !renewable && endsInMs !== null && endsInMs > 0 ? Math.min(pauseMs, endsInMs) : pauseMs
}
