/**
 * The life of a connection's credential, as one pure function of what stands and what happened. The
 * service runs it, and so does the explorer that walks through every interleaving of it.
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
  /** Attempts in a row that brought nothing. */
  failures: number
  /** An attempt before this one ended without a known outcome. */
  unresolved: boolean
}

/** What the provider says of an access token that still has time; `past` when it has none left. */
export type TokenProbe = 'alive' | 'dead' | 'unknown' | 'past'

export type ScheduleEvent =
  /** The user consented, for the first time or again. */
  | { kind: 'connected' }
  /** A worker or a reader took the lease to refresh it; from here on a request may be on the wire. */
  | { kind: 'claimed' }
  /** Given back before a byte was written: there is doubt to wait out, or no turn to send. */
  | { kind: 'not_sent'; retryInMs: number }
  /** A pair came, whoever brought it and however late, for the generation that stands. */
  | { kind: 'refreshed' }
  /** Refused, but the generation has moved: somebody else's success. */
  | { kind: 'overtaken' }
  | { kind: 'not_processed'; retryAfterMs: number | null }
  | { kind: 'ambiguous' }
  /** `invalid_grant`, and what is known beside it. */
  | {
      kind: 'rejected'
      oldAccessToken: TokenProbe
      /** The provider gives refresh tokens an end, and this one's has passed. */
      refreshTokenEnded: boolean
      /** The provider takes a refresh token that it has seen before. */
      repeatable: boolean
    }
  | { kind: 'client_rejected' }
  | { kind: 'request_rejected' }
  /** A probe says that the token is dead, and there is nothing to refresh it with. */
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
  /** Milliseconds until the next attempt; null: when the new token's life says, or never. */
  retryInMs: number | null
  /** Null: as it was. */
  health: { health: 'ok' | 'degraded'; reason: string | null } | null
  death: Death | null
  /** A matter of the integration: `client_rejected` suspends it, `request_rejected` counts against it. */
  attributedTo: 'client_rejected' | 'request_rejected' | null
  /** A clear answer that the grant is gone, whether the connection ends by it or not. */
  refused: boolean
}

export interface StepOptions {
  jitter: Jitter
  confirmAfterMs?: number
  /** Milliseconds until the access token ends; null: never. Ours are the pauses that it cuts. */
  accessTokenEndsInMs?: number | null
  /**
   * What the incident guard says of a connection that would end (`decideRefusal`): it does, it is asked once more, or the
   * provider refuses everybody. Default: `end`.
   */
  decision?: 'end' | 'wait' | 'hold' | undefined
}

/** A refusal, or a dead token that cannot be refreshed, is believed when it is repeated after this time. */
const confirmAfterMs = 60_000
const maxSuspectMs = 10 * 60_000
const requestRejectedPauseMs = 60 * 60_000
const clientRefusedPauseMs = 60_000

/**
 * The next step; undefined when the event has no effect in this state, as a failure has none once the
 * lease is somebody else's: only successes count then.
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
      // Even a connection that was given up comes back: no success is thrown away.
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

/** Ends of an attempt that brought no new pair. */
function afterAttempt(from: RefreshState, event: Failure, options: StepOptions): Step {
  const failed = { ...unchanged(from), failures: from.failures + 1 }
  const { accessTokenEndsInMs: endsInMs = null } = options
  const backoff = () => withinLife(backoffMs(from.failures, options.jitter), endsInMs)
  switch (event.kind) {
    case 'overtaken':
      return { ...settled, health: null }
    case 'not_sent':
      return { ...unchanged(from), state: beforeClaim(from), retryInMs: event.retryInMs }
    case 'not_processed': {
      // What the provider asks for is kept, whatever becomes of the token.
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
      // The connection is not to blame: it waits as it stood, and its integration is suspended.
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

/** What a claim is given back to. One that was found `refreshing` had lost its holder on the way. */
function beforeClaim({ previousState }: RefreshState): Step['state'] {
  return previousState === 'refreshing' ? 'ambiguous' : previousState
}

/**
 * A single `invalid_grant` is a suspicion: a lost race, a false alarm and a withdrawn grant have the
 * same words. An access token that is dead before its time confirms it, unless an answer that was lost
 * would explain that death and leave the refresh token good. So does a second refusal, once there is no
 * access token left that could be served on.
 */
function isConfirmed(from: RefreshState, event: Extract<Failure, { kind: 'rejected' }>): boolean {
  const { oldAccessToken, repeatable } = event
  if (oldAccessToken === 'dead' && !(repeatable && from.unresolved)) return true
  return (
    (oldAccessToken === 'dead' || oldAccessToken === 'past') && from.previousState === 'suspect'
  )
}

function nameDeath(from: RefreshState, event: Extract<Failure, { kind: 'rejected' }>): Death {
  if (from.unresolved) return { status: 'expired', reason: 'lost_rotation' }
  if (event.refreshTokenEnded) {
    return { status: 'expired', reason: 'refresh_expired' }
  }
  return { status: 'revoked', reason: 'revoked' }
}

/** It ends, if the refusal is clear and the incident guard lets it; else it is asked again after a pause. */
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

/** A token without a refresh token: the second look confirms the first. */
function probedInactive(from: RefreshState, options: StepOptions): Step | undefined {
  if (from.state !== 'idle' && from.state !== 'suspect') return undefined
  const revoked = { status: 'revoked', reason: 'revoked' } as const
  const death = from.state === 'suspect' ? revoked : null
  return afterRefusal(from, { death, reason: 'probed_inactive', refused: true }, options)
}

/** Longer and longer, and no longer than the token lives; but a second refusal counts only after a time. */
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
