/**
 * The life of a connection's credential, as one pure function of state and event. The service runs it, and so
 * does the explorer that walks through all its interleavings.
 */
import type { ReauthReason } from '@keywell/protocol'
import type { Jitter } from '../clock.ts'
import type { ScheduleState } from '../store/refresh-schedule.ts'
import { backoffMs, withinLife } from './schedule.ts'

/** What is known of a connection before an event. */
export interface RefreshState {
  /** `none`: there is no row, because it was never connected or has been disconnected. */
  state: ScheduleState | 'none'
  /** While `refreshing`: the state that it was claimed in. Else the same as `state`. */
  previousState: ScheduleState | 'none'
  /** Failed attempts in a row. */
  failures: number
  /** An attempt before this one ended without a known outcome. */
  unresolved: boolean
}

/** What a probe of the access token found; `past`: it had ended, so the provider was not asked. */
export type TokenProbe = 'active' | 'inactive' | 'unknown' | 'expired'

export type ScheduleEvent =
  /** The user consented, for the first time or again. */
  | { kind: 'connected' }
  /** A worker or a reader took the lease to refresh it. From now on a request may be on the wire. */
  | { kind: 'claimed' }
  /** Released before a byte was written: an earlier outcome is indeterminate, or the host has no capacity. */
  | { kind: 'not_sent'; retryInMs: number }
  /** A pair came for the current generation, from any process and however late. */
  | { kind: 'refreshed' }
  /** Refused, but the generation has moved: another attempt succeeded. */
  | { kind: 'overtaken' }
  | { kind: 'not_processed'; retryAfterMs: number | null }
  | { kind: 'ambiguous' }
  /** The provider refuses the refresh token, with the evidence beside it. */
  | {
      kind: 'rejected'
      oldAccessToken: TokenProbe
      /** The provider gives refresh tokens an end, and this one's has passed. */
      refreshTokenEnded: boolean
      /** The provider accepts a refresh token that was used before. */
      repeatable: boolean
      /** Nothing is used up by an attempt, so that a lost answer explains no refusal. Default: false. */
      minted?: boolean
      /** The provider says why: a policy of its own asks for a new sign-in. */
      signInAgain: boolean
    }
  | { kind: 'client_rejected' }
  | { kind: 'request_rejected' }
  /** Not now: the account is suspended there, and may come back. */
  | { kind: 'suspended' }
  /** A probe says that the token is inactive, and there is no refresh token. */
  | { kind: 'probed_inactive' }
  | { kind: 'disconnected' }

export interface Death {
  status: 'expired' | 'revoked'
  reason: ReauthReason
}

/** What is to be written. */
export interface Step {
  state: ScheduleState | 'none'
  failures: number
  unresolved: boolean
  /** Milliseconds until the next attempt; null: the new token's life decides, or there is none. */
  retryInMs: number | null
  /** Null: as it was. */
  health: { health: 'ok' | 'degraded'; reason: string | null } | null
  death: Death | null
  /** The integration's fault: `client_rejected` suspends it, `request_rejected` counts against it. */
  attributedTo: 'client_rejected' | 'request_rejected' | null
  /** A clear answer that the grant is gone, whether the connection ends by it or not. */
  refused: boolean
}

export interface StepOptions {
  jitter: Jitter
  /** The first pause after a failure. Default: a second. */
  backoffMs?: number
  confirmAfterMs?: number
  /** Milliseconds until the access token ends; null: never. A pause of ours ends with it. */
  accessTokenEndsInMs?: number | null
  /**
   * What the incident guard decides of a connection that would end (`decideRefusal`): it ends, it is asked once more,
   * or it is held because of a provider-wide incident. Default: `end`.
   */
  decision?: 'end' | 'wait' | 'hold' | undefined
}

/** A refusal, or an inactive token that cannot be refreshed, is confirmed when it is repeated after this time. */
const confirmAfterMs = 60_000
const maxSuspectMs = 10 * 60_000
const requestRejectedPauseMs = 60 * 60_000
const suspendedPauseMs = 60 * 60_000
const clientRefusedPauseMs = 60_000

/**
 * The next step; undefined when the event has no effect in this state. A failure has none once another process
 * holds the lease: then only successes count.
 */
export function step(
  from: RefreshState,
  event: ScheduleEvent,
  options: StepOptions,
): Step | undefined {
  if (event.kind === 'connected') return settled
  if (from.state === 'none') return undefined
  switch (event.kind) {
    case 'disconnected':
      return { ...settled, state: 'none', health: null }
    case 'refreshed':
      // Even a connection that has ended comes back: no success is discarded.
      return settled
    case 'claimed':
      return from.state === 'dead'
        ? undefined
        : { ...unchanged(from), state: 'refreshing', unresolved: true }
    case 'probed_inactive':
      return probedInactive(from, options)
    default:
      return from.state === 'refreshing' ? afterAttempt(from, event, options) : undefined
  }
}

type Failure = Exclude<
  ScheduleEvent,
  { kind: 'connected' | 'disconnected' | 'refreshed' | 'claimed' | 'probed_inactive' }
>

/** The end of an attempt that brought no new pair. */
function afterAttempt(from: RefreshState, event: Failure, options: StepOptions): Step {
  const failed = { ...unchanged(from), failures: from.failures + 1 }
  const { accessTokenEndsInMs: endsInMs = null } = options
  const backoff = () =>
    withinLife(backoffMs(from.failures, options.jitter, options.backoffMs), endsInMs)
  switch (event.kind) {
    case 'overtaken':
      return { ...settled, health: null }
    case 'not_sent':
      return { ...unchanged(from), state: beforeClaim(from), retryInMs: event.retryInMs }
    case 'not_processed': {
      // The provider's Retry-After is honoured, even past the token's end.
      const retryInMs = Math.max(backoff(), event.retryAfterMs ?? 0)
      return { ...failed, state: 'backoff', retryInMs, health: degraded('not_processed') }
    }
    case 'ambiguous':
      return {
        ...failed,
        state: 'ambiguous',
        unresolved: true,
        retryInMs: backoff(),
        health: degraded('ambiguous'),
      }
    case 'client_rejected':
      // Not the connection's fault: its state stays, and its integration is suspended.
      return {
        ...unchanged(from),
        state: beforeClaim(from),
        retryInMs: clientRefusedPauseMs * (1 + options.jitter()),
        health: degraded('integration_suspended'),
        attributedTo: 'client_rejected',
      }
    case 'request_rejected':
      return {
        ...failed,
        state: 'backoff',
        retryInMs: withinLife(requestRejectedPauseMs, endsInMs),
        health: degraded('request_rejected'),
        attributedTo: 'request_rejected',
      }
    case 'suspended':
      return {
        ...failed,
        state: 'backoff',
        retryInMs: withinLife(suspendedPauseMs, endsInMs),
        health: degraded('suspended'),
      }
    case 'rejected': {
      const death = isConfirmed(from, event) ? nameDeath(from, event) : null
      return afterRefusal(from, { death, reason: 'rejected', refused: death !== null }, options)
    }
    default:
      event satisfies never
      throw new TypeError('unreachable')
  }
}

/** Good until due. */
const settled: Step = {
  state: 'idle',
  failures: 0,
  unresolved: false,
  retryInMs: null,
  health: { health: 'ok', reason: null },
  death: null,
  attributedTo: null,
  refused: false,
}

function unchanged({ state, failures, unresolved }: RefreshState): Step {
  return { ...settled, state, failures, unresolved, health: null }
}

/** The state that a claim is released to. One that was found `refreshing` had lost its holder. */
function beforeClaim({ previousState }: RefreshState): Step['state'] {
  return previousState === 'refreshing' ? 'ambiguous' : previousState
}

/**
 * A single `invalid_grant` is a suspicion: a lost race, a false alarm and a withdrawn grant have the same text.
 * An access token that is inactive before its time confirms it, unless a lost answer would explain that and
 * leave the refresh token good. A second refusal confirms it once there is no access token left to serve. So does the
 * first one where the refresh token has come to its known end.
 */
function isConfirmed(from: RefreshState, event: Extract<Failure, { kind: 'rejected' }>): boolean {
  const { oldAccessToken, refreshTokenEnded, repeatable } = event
  const isOver = oldAccessToken === 'inactive' || oldAccessToken === 'expired'
  if (isOver && refreshTokenEnded) return true
  if (oldAccessToken === 'inactive' && !(repeatable && from.unresolved)) return true
  return isOver && from.previousState === 'suspect'
}

function nameDeath(from: RefreshState, event: Extract<Failure, { kind: 'rejected' }>): Death {
  if (event.signInAgain) return { status: 'expired', reason: 'sign_in_again' }
  if (from.unresolved && event.minted !== true) {
    return { status: 'expired', reason: 'lost_rotation' }
  }
  if (event.refreshTokenEnded) {
    return { status: 'expired', reason: 'refresh_expired' }
  }
  return { status: 'revoked', reason: 'revoked' }
}

/** The connection ends if the refusal is clear and the incident guard allows it; else it is asked again after a pause. */
function afterRefusal(
  from: RefreshState,
  { death, reason, refused }: { death: Death | null; reason: string; refused: boolean },
  options: StepOptions,
): Step {
  const failed = { ...unchanged(from), failures: from.failures + 1, refused }
  const { decision = 'end', accessTokenEndsInMs = null } = options
  if (death !== null && decision === 'end') {
    return { ...failed, state: 'dead', death, health: degraded(death.reason) }
  }
  const pauseMs = options.confirmAfterMs ?? confirmAfterMs
  return {
    ...failed,
    state: 'suspect',
    retryInMs: suspectPauseMs(from, pauseMs, accessTokenEndsInMs),
    health: degraded(death !== null && decision === 'hold' ? 'provider_incident' : reason),
  }
}

/** Without a refresh token, a second probe confirms the first. */
function probedInactive(from: RefreshState, options: StepOptions): Step | undefined {
  if (from.state !== 'idle' && from.state !== 'suspect') return undefined
  const revoked = { status: 'revoked', reason: 'revoked' } as const
  const death = from.state === 'suspect' ? revoked : null
  return afterRefusal(from, { death, reason: 'probed_inactive', refused: true }, options)
}

/** Growing pauses that end with the token's life. A second refusal counts only after `pauseMs`. */
function suspectPauseMs(
  { failures }: RefreshState,
  pauseMs: number,
  endsInMs: number | null,
): number {
  const grownMs = Math.min(pauseMs * 2 ** Math.min(failures, 10), maxSuspectMs)
  return Math.max(pauseMs, withinLife(grownMs, endsInMs))
}

function degraded(reason: string): Step['health'] {
  return { health: 'degraded', reason }
}
