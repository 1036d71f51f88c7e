import type { RefreshOutcome } from '../metrics/metrics.ts'
import { outgrown } from '../oauth/probe.ts'
import { findCredential, type KeptCredentialRow } from '../store/credentials.ts'
import type { Sql } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { recordFailure } from '../store/refresh-outcomes.ts'
import { withInstallation } from '../store/scope.ts'
import type { Attempt, AttemptParts } from './attempt-context.ts'
import { auditEntryOf } from './audit-entry.ts'
import { logDecision, logFailure, logOutcome } from './decision-log.ts'
import {
  type Death,
  type ScheduleEvent,
  type Step,
  type StepOptions,
  step,
  type TokenProbe,
} from './machine.ts'
import { eventOf, type Failed, minPauseMs, stateOf } from './machine-input.ts'
import { probeOldAccessToken } from './old-access-token.ts'
import { tryOrphan } from './orphan.ts'
import { type Recorded, recordOutcome } from './record-outcome.ts'
import { appOfSource } from './source.ts'

/** Ends an attempt that brought no token. After a refusal, an orphan and the old access token are evidence. */
export async function failAttempt(
  parts: AttemptParts,
  attempt: Attempt,
  outcome: Failed,
): Promise<RefreshOutcome> {
  const { claim, row, lease } = attempt
  const { kind } = outcome
  let oldAccessToken: TokenProbe = 'unknown'
  if (kind === 'rejected' || kind === 'sign_in_again') {
    const saved = await tryOrphan(parts, attempt)
    if (saved !== undefined) {
      logFailure(parts, attempt, outcome, null)
      return saved
    }
    oldAccessToken = await probeOldAccessToken(parts, attempt, lease.elapsedMs())
  }
  const elapsedMs = lease.elapsedMs()
  const event = eventOf(outcome, { oldAccessToken, ...whatIsKnownOf(attempt) })
  const done = await parts.database.transaction(withInstallation(claim.tenantId), (sql) =>
    record(sql, parts, attempt, { event, outcome, elapsedMs }),
  )
  logDecision(parts, claim, done.kind, done.result)
  logOutcome(parts, row, done.recorded)
  if (done.death !== null) parts.metrics.connectionEnded(row.provider, done.death.reason)
  logFailure(parts, attempt, outcome, done.result.retryInMs)
  return kind
}

/** Evidence beside a refusal: what the provider's data and the row say of the refresh token. */
function whatIsKnownOf({ row, renewal, source, lease }: Attempt) {
  const { rotation } = renewal
  return {
    refreshTokenEnded:
      row.refreshExpiresInMs !== null && row.refreshExpiresInMs <= lease.elapsedMs(),
    minted: source.by === 'mint',
    repeatable: rotation !== 'strict' && rotation !== 'strict_family',
  }
}

/** What was written, and why the connection ends by this attempt; null: it does not. */
interface Done {
  kind: 'overtaken' | Failed['kind']
  result: Step
  recorded: Recorded | null
  death: Death | null
}

async function record(
  sql: Sql,
  parts: AttemptParts,
  { claim, row, source }: Attempt,
  failure: { event: ScheduleEvent; outcome: Failed; elapsedMs: number },
): Promise<Done> {
  const { event, outcome, elapsedMs } = failure
  const current = await findCredential(sql, row.tenantId, row.id)
  const moved = current?.generation !== row.generation
  const known = { accessTokenEndsInMs: restOf(row, elapsedMs) }
  // A generation that has moved is the success of another attempt: adopt it.
  let result = next(parts, claim, moved ? { kind: 'overtaken' } : event, known)
  // A refresh token that has come to its own end is not asked about.
  const hasEnded = event.kind === 'rejected' && event.refreshTokenEnded
  if (result.death !== null && !hasEnded) {
    const decision = await parts.incidentGuard.decide(sql, row, { claim, elapsedMs })
    result = next(parts, claim, event, { ...known, decision })
  }
  const kind = moved ? 'overtaken' : outcome.kind
  const isOurs = await write(sql, claim, kind, result)
  const done: Done = { kind, result, recorded: null, death: null }
  if (!isOurs || moved || outcome.kind === 'not_sent') return done
  const entry = auditEntryOf(row)
  await parts.audit.write(sql, { ...entry, result: 'failed', reason: outcome.kind })
  // Where no integration takes part, none is to blame.
  const app = appOfSource(source)
  if (result.attributedTo !== null && app !== undefined) {
    const { revision } = app
    const { actor } = entry
    await parts.suspension.suspend(sql, row, { reason: result.attributedTo, revision, actor })
  }
  // What the provider's definition asks for is not done: people have to know why nothing is renewed.
  const health = outcome.detail === 'definition_outgrown' ? definitionOutgrown : result.health
  const recorded = await recordOutcome(sql, row, { ...result, health })
  return { ...done, recorded, death: result.death }
}

const definitionOutgrown = { health: 'degraded', reason: outgrown } as const

/** Milliseconds that the access token has left; null: it has no end. */
function restOf({ expiresInMs }: KeptCredentialRow, elapsedMs: number): number | null {
  return expiresInMs === null ? null : expiresInMs - elapsedMs
}

/** Ends a claim from which nothing was sent. */
export async function releaseClaim(
  parts: Pick<AttemptParts, 'database' | 'jitter' | 'logger' | 'timing'>,
  claim: Claim,
  retryInMs: number,
): Promise<undefined> {
  const pauseMs = Math.max(minPauseMs, retryInMs)
  const result = next(parts, claim, { kind: 'not_sent', retryInMs: pauseMs })
  await write(parts.database.of(claim.tenantId), claim, 'not_sent', result)
  logDecision(parts, claim, 'not_sent', result)
  return undefined
}

function next(
  { jitter, timing }: Pick<AttemptParts, 'jitter' | 'timing'>,
  claim: Claim,
  event: ScheduleEvent,
  known: Pick<StepOptions, 'accessTokenEndsInMs' | 'decision'> = {},
): Step {
  const { confirmAfterMs, backoffMs } = timing
  const result = step(stateOf(claim), event, { jitter, confirmAfterMs, backoffMs, ...known })
  if (result === undefined) throw new TypeError(`${event.kind} has no effect on a claimed row`)
  return result
}

async function write(sql: Sql, claim: Claim, outcome: string, result: Step): Promise<boolean> {
  if (result.state === 'none') throw new TypeError('a failure removes nothing')
  return recordFailure(sql, claim, { ...result, state: result.state, outcome })
}
