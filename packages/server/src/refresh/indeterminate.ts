import type { RefreshDefinition } from '@keywell/protocol'
import type { RefreshState, TokenProbe } from './machine.ts'
import { withinLife } from './schedule.ts'

/** Whether a refresh token whose last sending has no known outcome may go out again. */
export type RetryDecision =
  /** `settled`: nothing happened the last time, so that this attempt begins a doubt of its own. */
  | { do: 'send'; settled: boolean }
  /** Ask the provider whether the old access token lives, and decide again with the answer. */
  | { do: 'probe' }
  | { do: 'wait'; ms: number }

/** How long before the end of the access token a family is risked rather than lost for certain. */
const familyMarginMs = 2 * 60_000
/** How soon to look again when the provider did not say whether the token lives. */
const unknownPauseMs = 30_000

/**
 * Was it processed? Decided before anything is sent, from what the provider's data says about its
 * rotation, since a repeat is harmless at one provider and kills the whole family at another.
 */
export function resolveIndeterminate(
  refresh: RefreshDefinition,
  known: {
    /** Milliseconds since the first request whose outcome is not known. */
    unresolvedForMs: number
    /** Milliseconds until the access token ends; null: never. */
    accessTokenEndsInMs: number | null
    /** What the probe said; undefined: not asked yet. */
    oldAccessToken?: TokenProbe
  },
): RetryDecision {
  const { unresolvedForMs, accessTokenEndsInMs: endsInMs } = known
  const send = { do: 'send', settled: false } as const
  switch (refresh.rotation) {
    case 'none':
      return send
    case 'grace':
      if (unresolvedForMs < (refresh.graceSeconds ?? 0) * 1000) return send
      break
    case 'strict':
      break
    case 'strict_family': {
      // A late answer may still come, and a repeat could kill the family that it began.
      const waitMs = endsInMs === null ? 0 : endsInMs - familyMarginMs
      return waitMs > 0 ? { do: 'wait', ms: waitMs } : send
    }
    default:
      refresh.rotation satisfies never
  }
  // A repeat can be refused but cannot harm the pair; without evidence to be had, it is the way to know.
  if (!refresh.revokesOldAccessToken || (endsInMs !== null && endsInMs <= 0)) return send
  switch (known.oldAccessToken) {
    case undefined:
      return { do: 'probe' }
    case 'alive': {
      const openForMs = refresh.maxRequestSeconds * 1000 - unresolvedForMs
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

/**
 * What of a doubt is left once a pair was committed. A request from before may still be on the wire, and
 * where a token that comes twice kills its family, this pair dies of it: the doubt gives that loss its
 * name. It stays for one life; then everything that was sent before is over.
 */
export function recheckStateAfter(
  refresh: RefreshDefinition,
  claim: Pick<RefreshState, 'previousState' | 'unresolved'>,
): RecheckState {
  if (refresh.rotation !== 'strict_family') return 'none'
  return claim.unresolved && claim.previousState !== 'idle' ? 'all' : 'of_later_claims'
}

/** `of_later_claims`: it is left if somebody else has claimed the row since. */
export type RecheckState = 'none' | 'of_later_claims' | 'all'
