import { definitionReasons, outgrown } from '../oauth/probe.ts'
import { type Death, type StepOptions, step } from '../refresh/machine.ts'
import { stateOf } from '../refresh/machine-input.ts'
import type { HealthOutcome } from '../refresh/record-outcome.ts'
import type { Claim } from '../store/refresh-claim.ts'
import type { ScheduleState } from '../store/refresh-schedule.ts'
import { accountMismatch } from './check-account.ts'
import type { Look } from './look.ts'

/** Probes in a row without a clear answer, after which a connection counts as degraded. */
const maxUnknown = 3

export interface Verdict {
  state: ScheduleState
  failures: number
  probeFailures: number
  probeInMs: number | null
  refreshNow: boolean
  health: HealthOutcome | null
  death: Death | null
  /** What the provider said clearly of the grant; null: nothing. */
  answer: 'good' | 'refused' | null
}

export interface JudgeOptions {
  jitter: StepOptions['jitter']
  confirmAfterMs: number
  /** Milliseconds until the next probe; null: there is none before the next refresh. */
  pauseMs: number | null
  /** An inactive token is renewed now. False where that would bypass a pause. Default: true. */
  hastens?: boolean
  /** For a token that nothing renews. Default: `end`. */
  decision?: StepOptions['decision']
}

/** What a probe means for a connection; pure. */
export function judge(claim: Claim, found: Look, options: JudgeOptions): Verdict {
  const unchanged: Verdict = {
    state: claim.previousState,
    failures: claim.failures,
    probeFailures: 0,
    probeInMs: options.pauseMs,
    refreshNow: false,
    health: null,
    death: null,
    answer: null,
  }
  if (found.isOver) return { ...unchanged, state: 'dead', probeInMs: null, death: cameToItsEnd }
  switch (found.status) {
    case 'active':
      return judgeActive(claim, found, unchanged)
    case 'unknown':
      return judgeUnknown(claim, found, unchanged, options)
    case 'inactive':
      return judgeInactive(claim, found, unchanged, options)
    default:
      found.status satisfies never
      throw new TypeError('unreachable')
  }
}

/** A refresh that fails keeps its own state. A token that was only suspected is cleared. */
function judgeActive(claim: Claim, found: Look, unchanged: Verdict): Verdict {
  const isSettled = claim.previousState === 'idle' || !found.canRefresh
  const settled = isSettled ? { ...unchanged, state: 'idle' as const, failures: 0 } : unchanged
  return { ...settled, health: healthOfActive(found, isSettled), answer: 'good' }
}

/** Probed again soon, until the answer is clear or the connection counts as degraded. */
function judgeUnknown(
  claim: Claim,
  found: Look,
  unchanged: Verdict,
  { confirmAfterMs, pauseMs }: JudgeOptions,
): Verdict {
  const probeFailures = claim.probeFailures + 1
  const reason = found.detail ?? 'unknown'
  const isSure = definitionReasons.includes(reason) || probeFailures >= maxUnknown
  const health = isSure ? 'degraded' : 'unknown'
  const probeInMs = health === 'unknown' ? confirmAfterMs : pauseMs
  return { ...unchanged, probeFailures, probeInMs, health: { health, reason } }
}

/** A token with a refresh token is renewed, and only a refused refresh ends the connection. */
function judgeInactive(
  claim: Claim,
  found: Look,
  unchanged: Verdict,
  options: JudgeOptions,
): Verdict {
  if (found.canRefresh) return { ...unchanged, refreshNow: options.hastens ?? true }
  const next = step(stateOf(claim), { kind: 'probed_inactive' }, options)
  if (next === undefined || next.state === 'none') return unchanged
  const { state, failures, retryInMs, health, death } = next
  const probeInMs = retryInMs ?? options.pauseMs
  return { ...unchanged, state, failures, probeInMs, health, death, answer: 'refused' }
}

/** An active token is healthy, unless it belongs to another account. Null: the health stays as it is. */
function healthOfActive({ account, isOutgrown }: Look, isSettled: boolean): HealthOutcome | null {
  if (account?.is === 'another') return { health: 'degraded', reason: accountMismatch }
  if (!isSettled) return null
  if (isOutgrown) return { health: 'degraded', reason: outgrown }
  const sameAccount = account?.is === 'same' || account?.is === 'changed'
  return { health: 'ok', reason: null, ...(sameAccount && { sameAccount }) }
}

const cameToItsEnd: Death = {
  status: 'expired',
  reason: 'token_expired',
}
