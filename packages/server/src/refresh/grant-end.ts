import type { Renewal } from './renewal-of.ts'

/** When a refresh token and the grant behind it come to their ends. In milliseconds from now; null: no end is known. */
export interface GrantEnd {
  /** Of the refresh token, if it is not used before. */
  tokenEndsInMs: number | null
  /** Of the grant: no refresh moves it. */
  grantEndsInMs: number | null
  /** When that is announced the next time. */
  endsSoonInMs: number | null
}

export const noEnd: GrantEnd = { tokenEndsInMs: null, grantEndsInMs: null, endsSoonInMs: null }

/** Milliseconds before the end of a grant at which it is announced. */
const announcedBeforeMs = [30, 3].map((days) => days * 24 * 60 * 60_000)

/**
 * What an answer says of its refresh token counts before what the provider's data says. Where the data knows of no end
 * by idleness, it is the end of the grant.
 */
export function planEnd(
  { refreshTokenLifetime: { idle, absolute } }: Renewal,
  { grantedForMs, toldMs }: { grantedForMs: number; toldMs: number | null },
): GrantEnd {
  const absoluteMs = absolute === null ? null : absolute * 1000 - grantedForMs
  const ends = [idle === null ? null : idle * 1000, absoluteMs].filter((end) => end !== null)
  const grantEndsInMs = idle === null ? (toldMs ?? absoluteMs) : absoluteMs
  return {
    tokenEndsInMs: toldMs ?? (ends.length === 0 ? null : Math.min(...ends)),
    grantEndsInMs,
    endsSoonInMs: grantEndsInMs === null ? null : nextAnnouncement(grantEndsInMs),
  }
}

function nextAnnouncement(grantEndsInMs: number): number | null {
  const times = announcedBeforeMs.map((beforeMs) => grantEndsInMs - beforeMs)
  return times.find((inMs) => inMs > 0) ?? null
}
