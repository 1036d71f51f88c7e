import { writeChange } from '../changes/changes.ts'
import { outgrown } from '../oauth/probe.ts'
import { describeIntegration } from '../oauth/suspension.ts'
import type { Granted, Unusable } from '../oauth/token-answer.ts'
import { isAnother } from '../oauth/token-set.ts'
import { advanceConnection, followGeneration } from '../store/connections.ts'
import { type KeptCredentialRow, replaceCredential } from '../store/credentials.ts'
import type { Sql } from '../store/database.ts'
import { clearIntegration } from '../store/integrations.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { recordFailure, recordSuccess } from '../store/refresh-outcomes.ts'
import { withInstallation } from '../store/scope.ts'
import type { Attempt, AttemptParts } from './attempt-context.ts'
import { auditEntryOf } from './audit-entry.ts'
import { logDecision, logOutcome } from './decision-log.ts'
import { reachFaultPoint } from './fault-point.ts'
import { type GrantEnd, planEnd } from './grant-end.ts'
import { recheckStateAfter } from './indeterminate.ts'
import { stateOf } from './machine-input.ts'
import { type Recorded, recordOutcome } from './record-outcome.ts'
import { type Renewal, renewalOf, rotatesUnannounced } from './renewal-of.ts'
import { backoffMs, planDormantRefresh, planLife, planProbe, withinLife } from './schedule.ts'
import { setAside } from './set-aside.ts'
import { untilCommitted } from './until-committed.ts'

/**
 * What became of a pair: it is the next generation; it was already, and only the reply to an earlier
 * commit of ours was lost; it is set aside, because the generation had moved; its grant waits for its
 * revocation, because the connection was removed or connected again; or it is left to its end, because it was minted
 * and another came first: nothing depends on it.
 */
export type Committed = 'committed' | 'committed_before' | 'orphaned' | 'withdrawn' | 'superseded'

type CommitParts = Pick<
  AttemptParts,
  | 'database'
  | 'box'
  | 'audit'
  | 'incidentGuard'
  | 'logger'
  | 'jitter'
  | 'sleep'
  | 'timing'
  | 'faultPoint'
>

/** A pair that a refresh brought, for the connection as it was when the request was sent. */
interface NewPair<Answer = Granted | Unusable> {
  row: KeptCredentialRow
  claim: Claim
  renewal: Renewal
  rotates: boolean
  isOutgrown: boolean
  end: GrantEnd
  answer: Answer
  /** Whether a success has an audit entry. A recovery, and a failure, always have one. */
  audited: boolean
  /** Milliseconds since the request began. The token's life counts from there. */
  ageMs: number
}

interface Sealed {
  sealed: Uint8Array
  keyVersion: number
}

/**
 * Stores what a refresh brought, and tries again until it is stored. No success is discarded, whichever
 * process holds the lease by now.
 *
 * @param answer `unusable`: it brought a refresh token, which is the only living one now, and no access token
 */
export async function commitPair(
  parts: CommitParts,
  attempt: Attempt,
  answer: Granted | Unusable,
): Promise<Committed> {
  const { claim, lease, row, source, tokens: old, audited, isOutgrown } = attempt
  // An answer without a refresh token keeps the old one (RFC 6749 section 6).
  const refreshToken = answer.tokens.refreshToken ?? old.refreshToken
  const { accessToken } = answer.kind === 'tokens' ? answer.tokens : old
  const pair = { accessToken, refreshToken, reach: old.reach }
  // What it was minted from stays next to it.
  const tokens = source.by === 'mint' ? { ...pair, fields: old.fields } : pair
  const rotation = rotationAfter(attempt, answer)
  const committed = await untilCommitted(parts, async () => {
    await reachFaultPoint(parts, 'before_commit', row)
    const ageMs = lease.elapsedMs()
    const owner = { ...row, connectionId: row.id, generation: row.generation + 1 }
    const sealed = await parts.box.seal(owner, tokens)
    try {
      const end = endAfter(attempt, answer, ageMs)
      const next = { row, claim, ...rotation, isOutgrown, end, audited, ageMs }
      const done = await parts.database.transaction(withInstallation(row.tenantId), (sql) =>
        answer.kind === 'tokens'
          ? replacePair(sql, parts, { ...next, answer }, sealed)
          : replaceRefreshToken(sql, parts, { ...next, answer }, sealed),
      )
      logDecision(parts, claim, done.event, done.decision)
      logOutcome(parts, row, done.recorded)
      return 'committed'
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      return setAside(parts, { row, attemptId: claim.attemptId, tokens: pair })
    }
  })
  await reachFaultPoint(parts, 'after_commit', row)
  return committed
}

/** What the next refresh has to reckon with: another refresh token than the one that was sent may be a rotation. */
function rotationAfter(
  { row, method, renewal, tokens }: Attempt,
  answer: Granted | Unusable,
): Pick<NewPair, 'rotates' | 'renewal'> {
  const isRotated = isAnother(answer.tokens.refreshToken, tokens.refreshToken)
  const rotates = row.rotates || (isRotated && rotatesUnannounced(renewal))
  return { rotates, renewal: renewalOf(method, { rotates }) ?? renewal }
}

/** A refresh token that stays keeps its end, unless it ends by idleness. */
function endAfter(
  { row, renewal, tokens }: Attempt,
  answer: Granted | Unusable,
  ageMs: number,
): GrantEnd {
  const toldMs = answer.kind === 'tokens' ? answer.refreshExpiresInMs : null
  const stays = !isAnother(answer.tokens.refreshToken, tokens.refreshToken)
  const keptMs = stays && renewal.refreshTokenLifetime.idle === null ? row.refreshExpiresInMs : null
  const endsInMs = toldMs ?? keptMs
  return planEnd(renewal, {
    grantedForMs: row.grantedForMs + ageMs,
    toldMs: endsInMs === null ? null : endsInMs - ageMs,
  })
}

/** What was written, for the log. */
interface Done {
  event: 'refreshed' | 'unusable'
  decision: Parameters<typeof logDecision>[3]
  recorded: Recorded | null
}

/** The compare-and-set found no generation g. The transaction leaves nothing behind. */
class Overtaken extends Error {}

/**
 * Generation g becomes g+1, in one transaction with its change and its audit entry. Statements that need
 * no answer go out together: waiting between them is most of what a refresh costs.
 *
 * @throws Overtaken when there is no generation g to replace
 */
async function replacePair(
  sql: Sql,
  parts: CommitParts,
  pair: NewPair<Granted>,
  sealed: Sealed,
): Promise<Done> {
  const { audit, incidentGuard, logger } = parts
  const { row, claim, answer, audited, rotates, end } = pair
  const degradedBy = pair.isOutgrown ? outgrown : null
  const key = { tenantId: row.tenantId, connectionId: row.id }
  const generation = row.generation + 1
  const integration = { tenantId: row.integrationOwner, id: row.integrationId }
  const { lifeMs, schedule } = plan(parts, pair)
  const committedBy = claim.attemptId
  // Every transaction takes the rows in this order, so that none deadlocks: credential, schedule, connection.
  const [replaced, , connection, wasSuspended, isHeld] = await Promise.all([
    replaceCredential(sql, {
      ...key,
      ...sealed,
      type: 'oauth_token',
      generation,
      lifeMs,
      committedBy,
      rotates,
      ...end,
    }),
    recordSuccess(sql, { ...key, ...schedule, ...end, epoch: claim.epoch }),
    advanceConnection(sql, {
      ...row,
      generation,
      scopes: scopesOf(answer),
      details: answer.details ?? null,
      degradedBy,
    }),
    clearIntegration(sql, integration),
    incidentGuard.isHeld(sql, row),
  ])
  if (!replaced) throw new Overtaken()
  if (connection === undefined) throw new TypeError('a credential without its connection')
  const entry = auditEntryOf(row)
  if (wasSuspended) {
    logger.info(describeIntegration(row), 'integration resumed')
    await audit.write(sql, { ...entry, action: 'integration.resume', result: 'ok' })
  }
  const isRecovered = connection.healthBefore === 'degraded' && connection.health === 'ok'
  const isRecoveryReported = connection.degradedReportedBefore && !connection.degradedReported
  const isNewlyDegraded = connection.degradedReported && !connection.degradedReportedBefore
  await Promise.all([
    writeChange(sql, { kind: 'refreshed', connection }),
    ...(isRecoveryReported ? [writeChange(sql, { kind: 'recovered', connection })] : []),
    ...(isNewlyDegraded ? [writeChange(sql, { kind: 'degraded', connection })] : []),
    ...(audited || isRecovered ? [audit.write(sql, { ...entry, generation, result: 'ok' })] : []),
  ])
  if (isHeld) await incidentGuard.answeredWell(sql, row)
  const decision = { state: 'idle', failures: 0, retryInMs: schedule.inUse.refreshInMs }
  const recorded = isRecoveryReported ? ({ kind: 'recovered' } as const) : null
  return { event: 'refreshed', decision, recorded }
}

/** How long the new access token lives, and when work on its connection is due. */
function plan(
  { jitter, timing }: Pick<CommitParts, 'jitter' | 'timing'>,
  { claim, renewal, answer, ageMs }: NewPair<Granted>,
) {
  const { expiresInMs, refreshExpiresInMs } = answer
  const life = planLife(renewal, expiresInMs, jitter, refreshExpiresInMs)
  const probeInMs = planProbe({ ...claim, type: 'oauth_token', endsInMs: life.lifeMs }, jitter)
  const refreshInMs = life.refreshInMs === null ? null : life.refreshInMs - ageMs
  const dormantInMs = planDormantRefresh(renewal, refreshInMs, jitter, refreshExpiresInMs)
  return {
    lifeMs: life.lifeMs === null ? null : Math.max(0, life.lifeMs - ageMs),
    schedule: {
      inUse: { refreshInMs, probeInMs },
      // A dormant connection is checked by its daily refresh. A token without an end has only probes.
      dormant: { refreshInMs: dormantInMs, probeInMs: dormantInMs === null ? probeInMs : null },
      dormantAfterMs: timing.dormantAfterMs,
      recheckState: recheckStateAfter(renewal, stateOf(claim)),
    },
  }
}

/**
 * The provider has rotated and gave no access token: the new refresh token replaces the spent one, the old
 * access token is served as long as it has time, and the next attempt comes as after a failure.
 *
 * @throws Overtaken when there is no generation g to replace
 */
async function replaceRefreshToken(
  sql: Sql,
  { audit, jitter, timing }: CommitParts,
  { row, claim, rotates, end, answer, ageMs }: NewPair<Unusable>,
  sealed: Sealed,
): Promise<Done> {
  const key = { tenantId: row.tenantId, connectionId: row.id }
  const next = { ...key, id: row.id, generation: row.generation + 1 }
  const lifeMs = row.expiresInMs === null ? null : row.expiresInMs - ageMs
  const committedBy = claim.attemptId
  const type = 'oauth_token'
  const credential = { ...next, ...sealed, type, lifeMs, ...end, committedBy, rotates } as const
  if (!(await replaceCredential(sql, credential))) throw new Overtaken()
  const { dormantAfterMs } = timing
  const retryInMs = withinLife(backoffMs(claim.failures, jitter, timing.backoffMs), lifeMs)
  const failed = { outcome: 'unusable', failures: claim.failures + 1, unresolved: false }
  if (!(await recordFailure(sql, claim, { ...failed, state: 'backoff', retryInMs }))) {
    // Another process holds the lease by now, and works with the refresh token that this has replaced.
    const probeInMs = planProbe({ ...claim, type: 'oauth_token', endsInMs: lifeMs }, jitter)
    const due = { refreshInMs: retryInMs, probeInMs }
    const { epoch } = claim
    const schedule = { inUse: due, dormant: due, dormantAfterMs, recheckState: 'none' } as const
    await recordSuccess(sql, { ...key, ...schedule, ...end, epoch })
  }
  await followGeneration(sql, next)
  const health = { health: 'degraded', reason: 'unusable_answer' } as const
  const recorded = await recordOutcome(sql, next, { death: null, health })
  const entry = { ...auditEntryOf(row), generation: next.generation }
  await audit.write(sql, { ...entry, result: 'failed', reason: answer.detail })
  const decision = { state: 'backoff', failures: claim.failures + 1, retryInMs }
  return { event: 'unusable', decision, recorded }
}

/** Null: the answer names none, so they stay as they were (RFC 6749 section 5.1). */
function scopesOf({ scopes }: Granted): readonly string[] | null {
  return scopes === null || scopes.length === 0 ? null : scopes
}
