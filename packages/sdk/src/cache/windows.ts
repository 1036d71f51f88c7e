/** Longest soft window: how long before the end a newer credential is looked for. */
const softMaxMs = 15 * 60_000
/** Longest hard window: how long before the end a read waits for a newer credential. */
const hardMaxMs = 60_000
/** How often a credential without an end is compared with the service. */
const endlessCheckMs = 5 * 60_000
/** Keys spread over this part of the window, both ways, so that they don't come due together. */
const jitterPart = 0.2

export interface Windows {
  /** Milliseconds from now: from here on, serve at once and ask for a newer one in the background. */
  readonly softInMs: number
  /** Milliseconds from now: from here on, wait for the newer one. */
  readonly hardInMs: number
}

/**
 * Says when a credential is due.
 *
 * @param lifeMs life left when its generation was first seen; null: it has no end
 * @param leftMs life left now; null: it has no end
 * @param spread between 0 and 1, drawn once per key
 */
export function windowsOf(lifeMs: number | null, leftMs: number | null, spread: number): Windows {
  const jitter = 1 + jitterPart * (2 * spread - 1)
  if (lifeMs === null || leftMs === null) {
    return { softInMs: endlessCheckMs * jitter, hardInMs: Number.POSITIVE_INFINITY }
  }
  return {
    softInMs: leftMs - Math.min(softMaxMs, lifeMs / 4) * jitter,
    hardInMs: leftMs - Math.min(hardMaxMs, lifeMs / 20),
  }
}
