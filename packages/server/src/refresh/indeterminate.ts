import type { RefreshState, TokenProbe } from './machine.ts'
import { endsFamilies, type Renewal } from './renewal-of.ts'
import { withinLife } from './schedule.ts'

/** Whether a refresh token whose last sending has no known outcome may go out again. */
export type RetryDecision =
  /** `settled`: the earlier attempt had no effect, so its outcome is known. */
  | { do: 'send'; settled: boolean }
  /** Probe the old access token, and decide again with the answer. */
  | { do: 'probe' }
  | { do: 'wait'; ms: number }

/** So long before the access token ends, the family is risked: without a refresh it would be lost for certain. */
const familyMarginMs = 2 * 60_000
/** The pause before the next probe when the provider gave no clear answer. */
const unknownPauseMs = 30_000

/**
 * Decides before anything is sent, from what the provider's data says about rotation: a repeat is harmless at
 * one provider and revokes the whole family at another.
 */
export function resolveIndeterminate(
  renewal: Renewal,
  known: {
    /** Milliseconds since the first request whose outcome is not known. */
    unresolvedForMs: number
    /** Milliseconds until the access token ends; null: never. */
    accessTokenEndsInMs: number | null
    /** What the probe found; undefined: there was none yet. */
    oldAccessToken?: TokenProbe
  },
): RetryDecision {
  const { unresolvedForMs, accessTokenEndsInMs: endsInMs } = known
  const send = { do: 'send', settled: false } as const
  const graceMs = (renewal.graceSeconds ?? 0) * 1000
  const maxRequestMs = renewal.maxRequestSeconds * 1000
  switch (renewal.rotation) {
    case 'none':
      return send
    case 'until_used':
      // Nobody has used what never came.
      return send
    case 'grace':
      if (unresolvedForMs < graceMs) return send
      break
    case 'strict':
      break
    case 'grace_then_family':
      // The repeat has to be processed before the grace is over, however long it takes.
      return unresolvedForMs + maxRequestMs < graceMs ? send : shortlyBefore(endsInMs)
    case 'strict_family':
      return shortlyBefore(endsInMs)
    default:
      renewal.rotation satisfies never
  }
  // A repeat can be refused but cannot harm the pair. Where a probe is no evidence, a repeat is the way to know.
  if (!renewal.revokesOldAccessToken || (endsInMs !== null && endsInMs <= 0)) return send
  switch (known.oldAccessToken) {
    case undefined:
      return { do: 'probe' }
    case 'active': {
      const openForMs = maxRequestMs - unresolvedForMs
      return openForMs > 0
        ? { do: 'wait', ms: withinLife(openForMs, endsInMs) }
        : { do: 'send', settled: true }
    }
    case 'unknown':
      return { do: 'wait', ms: withinLife(unknownPauseMs, endsInMs) }
    default:
      return send
  }
}

/** A late answer may still come, and a repeat could revoke the family that it began. */
function shortlyBefore(endsInMs: number | null): RetryDecision {
  const waitMs = endsInMs === null ? 0 : endsInMs - familyMarginMs
  return waitMs > 0 ? { do: 'wait', ms: waitMs } : { do: 'send', settled: false }
}

/**
 * The recheck state to keep after a new token pair is committed. An earlier request may still be on the wire.
 * Where a token that comes twice revokes its family, it ends this pair too, and the state that is kept gives
 * that loss its reason. It is kept for one life of the access token: then no earlier request is open.
 */
export function recheckStateAfter(
  renewal: Renewal,
  claim: Pick<RefreshState, 'previousState' | 'unresolved'>,
): RecheckState {
  if (!endsFamilies(renewal)) return 'none'
  return claim.unresolved && claim.previousState !== 'idle' ? 'all' : 'of_later_claims'
}

/** `of_later_claims`: it is kept if another process has claimed the row since. */
export type RecheckState = 'none' | 'of_later_claims' | 'all'
