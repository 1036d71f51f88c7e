import type { ProviderDefinition } from '@keywell/protocol'

/** Taken off every life, so that a token is not handed out in its last moments. */
const safetyMs = 30_000
/** What the safety may cost of a short life. */
const safetyShare = 0.1

/**
 * When an access token that was just given ends, and when to renew it: between 15 and 30 % of its
 * life before the end, spread at random so that connections made together do not come due together.
 * Both in milliseconds from now; null for a token without an end.
 */
export function planLife(
  provider: ProviderDefinition,
  expiresInMs: number | null,
  random: () => number,
): { lifeMs: number | null; refreshInMs: number | null } {
  const told = expiresInMs ?? secondsToMs(provider.refresh.defaultExpiresIn)
  if (told === null) return { lifeMs: null, refreshInMs: null }
  const lifeMs = told - Math.min(safetyMs, told * safetyShare)
  return { lifeMs, refreshInMs: lifeMs - told * (0.15 + 0.15 * random()) }
}

const secondsToMs = (seconds: number | null) => (seconds === null ? null : seconds * 1000)
