import type { ReauthReason } from '@keywell/protocol'
import type { TokenOutcome } from '../oauth/token-answer.ts'
import type { UpkeepState } from '../store/upkeep.ts'

/** How an attempt that brought no new pair ends. */
export interface Verdict {
  state: UpkeepState
  outcome: string
  /** Milliseconds until the next attempt; null: there is none. */
  retryInMs: number | null
  /** The attempt may have been processed; the doubt is kept for the next one. */
  unresolved: boolean
  /** The grant is gone. */
  death: {
    status: 'expired' | 'revoked'
    reason: ReauthReason
    certainty: 'certain' | 'probable'
  } | null
}

/** What is known when an attempt ends. */
export interface Evidence {
  cameFrom: UpkeepState
  /** Attempts that failed in a row, before this one. */
  failures: number
  /** An earlier attempt ended without a known outcome. */
  unresolvedBefore: boolean
  /**
   * What the provider says of the old access token while it still has time: dead before its time is
   * evidence. `past` when its time is over, so that nothing can be learned from it.
   */
  oldAccessToken: 'alive' | 'dead' | 'unknown' | 'past'
}

const minBackoffMs = 1_000
const maxBackoffMs = 5 * 60_000
/** A refusal is believed only when it is repeated after this time. */
const confirmAfterMs = 60_000
const ourFaultBackoffMs = 60 * 60_000
const clientRefusedBackoffMs = 60_000

/** The rule for everything but a success; a pure function of what is known. */
export function decide(
  outcome: Exclude<TokenOutcome, { kind: 'tokens' }>,
  evidence: Evidence,
  random: () => number,
): Verdict {
  const verdict = { outcome: outcome.kind, unresolved: evidence.unresolvedBefore, death: null }
  switch (outcome.kind) {
    case 'not_processed':
      return {
        ...verdict,
        state: 'backoff',
        retryInMs: Math.max(backoff(evidence.failures, random), outcome.retryAfterMs ?? 0),
      }
    case 'ambiguous':
      return {
        ...verdict,
        state: 'ambiguous',
        unresolved: true,
        retryInMs: backoff(evidence.failures, random),
      }
    case 'client_refused':
      return { ...verdict, state: 'backoff', retryInMs: clientRefusedBackoffMs }
    case 'our_fault':
      return { ...verdict, state: 'backoff', retryInMs: ourFaultBackoffMs }
    case 'rejected':
      return isConfirmed(evidence)
        ? { ...verdict, state: 'dead', retryInMs: null, death: nameDeath(evidence) }
        : { ...verdict, state: 'suspect', retryInMs: confirmAfterMs }
    default:
      outcome satisfies never
      throw new TypeError('unreachable')
  }
}

/** A single `invalid_grant` is a suspicion: a lost race and a withdrawn grant look the same. */
function isConfirmed(evidence: Evidence): boolean {
  return evidence.oldAccessToken === 'dead' || evidence.cameFrom === 'suspect'
}

function nameDeath(evidence: Evidence): NonNullable<Verdict['death']> {
  return evidence.unresolvedBefore
    ? { status: 'expired', reason: 'lost_rotation', certainty: 'probable' }
    : { status: 'revoked', reason: 'revoked', certainty: 'probable' }
}

/** Full jitter between nothing and 1, 2, 4 … seconds, at most five minutes. */
function backoff(failures: number, random: () => number): number {
  const ceiling = Math.min(minBackoffMs * 2 ** Math.min(failures, 20), maxBackoffMs)
  return minBackoffMs / 2 + random() * ceiling
}
