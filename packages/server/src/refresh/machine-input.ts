/** What the state machine is given: a claim as a state, and the end of an attempt as an event. */
import type { Granted, TokenOutcome, Unusable } from '../oauth/token-answer.ts'
import type { Claim } from '../store/refresh-claim.ts'
import type { RefreshState, ScheduleEvent } from './machine.ts'

/** How an attempt ends that brought no token. */
export type Failed = Exclude<TokenOutcome, Granted | Unusable>

/** The shortest pause before a claim that was released is taken again. */
export const minPauseMs = 1_000

export function stateOf(claim: Claim): RefreshState {
  const { previousState, failures, unresolvedForMs } = claim
  const state = claim.refreshDue ? 'refreshing' : previousState
  return { state, previousState, failures, unresolved: unresolvedForMs !== null }
}

type Rejected = Extract<ScheduleEvent, { kind: 'rejected' }>

export function eventOf(
  outcome: Failed,
  evidence: Pick<Rejected, 'oldAccessToken' | 'refreshTokenEnded' | 'repeatable' | 'minted'>,
): ScheduleEvent {
  switch (outcome.kind) {
    case 'not_sent':
      return { kind: 'not_sent', retryInMs: Math.max(minPauseMs, outcome.retryAfterMs ?? 0) }
    case 'not_processed':
      return { kind: 'not_processed', retryAfterMs: outcome.retryAfterMs }
    case 'rejected':
    case 'sign_in_again':
      return { kind: 'rejected', ...evidence, signInAgain: outcome.kind === 'sign_in_again' }
    default:
      return { kind: outcome.kind }
  }
}
