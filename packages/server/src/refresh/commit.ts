import type { Audit } from '../audit/audit.ts'
import { requireProvider } from '../catalogue.ts'
import { writeChange } from '../changes/changes.ts'
import type { Logger } from '../logger.ts'
import type { Granted, Unusable } from '../oauth/token-answer.ts'
import type { TokenBox, TokenSet } from '../oauth/token-set.ts'
import { advanceConnection, followGeneration } from '../store/connections.ts'
import {
  findKeptCredential,
  type KeptCredentialRow,
  replaceCredential,
} from '../store/credentials.ts'
import type { Database, Sql } from '../store/database.ts'
import { clearIntegration } from '../store/integrations.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { recordFailure, recordSuccess } from '../store/refresh-outcomes.ts'
import { withInstallation } from '../store/scope.ts'
import { auditEntryOf } from './audit-entry.ts'
import { recordOutcome, stateOf } from './fail.ts'
import type { IncidentGuard } from './incident-guard.ts'
import { recheckStateAfter } from './indeterminate.ts'
import { backoffMs, planDormantRefresh, planLife, planProbe, withinLife } from './schedule.ts'
import { createSetAside } from './set-aside.ts'
import type { Timing } from './timing.ts'

/**
 * What became of a pair: it is the next generation; it was already, and only the reply to an earlier
 * commit of ours was lost; it is kept aside, because the generation had moved; or its grant goes to be
 * withdrawn, because the connection was removed or connected again.
 */
export type Committed = 'committed' | 'committed_before' | 'orphaned' | 'withdrawn'

export interface NewPair {
  /** As it was when the request was sent. */
  row: KeptCredentialRow
  claim: Claim
  old: TokenSet
  /** `unusable`: it brought a refresh token, which is the only living one now, and no access token. */
  answer: Granted | Unusable
  /** Whether a success has an audit entry. A recovery, and a failure, always have one. */
  audited: boolean
  /** Milliseconds since the request was begun: the token's life counts from there, or from later. */
  ageMs: number
}

/** Stores what a refresh brought. No success is thrown away, whoever holds the lease by now. */
export type Commit = (pair: NewPair) => Promise<Committed>

export function createCommit(parts: {
  database: Database
  box: TokenBox
  audit: Audit
  incidentGuard: IncidentGuard
  logger: Logger
  random: () => number
  timing: Pick<Timing, 'backoffMs' | 'dormantAfterMs'>
}): Commit {
  const { database, box, audit, incidentGuard, logger, random } = parts
  const { dormantAfterMs } = parts.timing
  const setAside = createSetAside(parts)

  /**
   * Generation g becomes g+1, in one transaction with its change and its audit row. What does not need
   * an answer goes out together: waiting in between is most of what a refresh costs.
   *
   * @throws Overtaken when there is no generation g to replace; nothing of it stays then
   */
  async function replace(
    sql: Sql,
    { row, claim, answer, audited, ageMs }: NewPair & { answer: Granted },
    sealed: { sealed: Uint8Array; keyVersion: number },
  ): Promise<void> {
    const key = { tenantId: row.tenantId, connectionId: row.id }
    const generation = row.generation + 1
    const provider = requireProvider(row.provider)
    const life = planLife(provider, answer.expiresInMs, random)
    const probeInMs = planProbe({ ...claim, type: 'oauth_token', endsInMs: life.lifeMs }, random)
    const refreshInMs = life.refreshInMs === null ? null : life.refreshInMs - ageMs
    const dormantInMs = planDormantRefresh(provider, refreshInMs, random)
    const recheckState = recheckStateAfter(provider.refresh, stateOf(claim))
    const integration = { tenantId: row.integrationOwner, id: row.integrationId }
    // Credential, schedule, connection: everybody takes the rows in this order, so that nobody deadlocks.
    const [replaced, , connection, wasSuspended, incident] = await Promise.all([
      replaceCredential(sql, {
        ...key,
        ...sealed,
        type: 'oauth_token',
        generation,
        lifeMs: life.lifeMs === null ? null : Math.max(0, life.lifeMs - ageMs),
        committedBy: claim.attemptId,
      }),
      recordSuccess(sql, {
        ...key,
        inUse: { refreshInMs, probeInMs },
        // Its refresh once a day is its check; a token without an end has nothing but probes.
        dormant: { refreshInMs: dormantInMs, probeInMs: dormantInMs === null ? probeInMs : null },
        dormantAfterMs,
        epoch: claim.epoch,
        recheckState,
      }),
      advanceConnection(sql, { ...row, generation, scopes: scopesOf(answer) }),
      clearIntegration(sql, integration),
      incidentGuard.incidentOf(sql, row),
    ])
    if (!replaced) throw new Overtaken()
    if (connection === undefined) throw new TypeError('a credential without its connection')
    if (wasSuspended) {
      logger.info({ integrationId: integration.id }, 'the client is taken again')
      await audit.write(sql, { ...auditEntryOf(row), action: 'integration.resume', result: 'ok' })
    }
    const isRecovered = connection.healthBefore === 'degraded' && connection.health === 'ok'
    await Promise.all([
      writeChange(sql, { kind: 'refreshed', connection }),
      ...(isRecovered ? [writeChange(sql, { kind: 'recovered', connection })] : []),
      ...(audited || isRecovered
        ? [audit.write(sql, { ...auditEntryOf(row), generation, result: 'ok' })]
        : []),
    ])
    if (incident !== undefined) await incidentGuard.answeredWell(sql, row)
  }

  /**
   * The provider has rotated, and gave no access token to go on with: the new refresh token takes the
   * place of the spent one, the old access token is served as long as it has time, and the next attempt
   * comes as after a failure.
   *
   * @throws Overtaken when there is no generation g to replace
   */
  async function replaceRefreshToken(
    sql: Sql,
    { row, claim, answer, ageMs }: NewPair & { answer: Unusable },
    sealed: { sealed: Uint8Array; keyVersion: number },
  ): Promise<void> {
    const key = { tenantId: row.tenantId, connectionId: row.id }
    const next = { ...key, id: row.id, generation: row.generation + 1 }
    const lifeMs = row.expiresInMs === null ? null : row.expiresInMs - ageMs
    const committedBy = claim.attemptId
    const credential = { ...next, ...sealed, type: 'oauth_token', lifeMs, committedBy } as const
    if (!(await replaceCredential(sql, credential))) throw new Overtaken()
    const retryInMs = withinLife(backoffMs(claim.failures, random, parts.timing.backoffMs), lifeMs)
    const failed = { outcome: 'unusable', failures: claim.failures + 1, unresolved: false }
    if (!(await recordFailure(sql, claim, { ...failed, state: 'backoff', retryInMs }))) {
      // The lease is somebody else's by now, who works with what this has replaced.
      const probeInMs = planProbe({ ...claim, type: 'oauth_token', endsInMs: lifeMs }, random)
      const { epoch } = claim
      const next = { refreshInMs: retryInMs, probeInMs }
      const due = { inUse: next, dormant: next, dormantAfterMs }
      await recordSuccess(sql, { ...key, ...due, epoch, recheckState: 'none' })
    }
    await followGeneration(sql, next)
    const health = { health: 'degraded', reason: 'unusable_answer' } as const
    await recordOutcome(sql, next, { death: null, health })
    const reason = answer.detail
    await audit.write(sql, {
      ...auditEntryOf(row),
      generation: next.generation,
      result: 'failed',
      reason,
    })
  }

  /** The compare-and-set did not find generation g. */
  async function keepAside(pair: NewPair, tokens: TokenSet): Promise<Committed> {
    const { row, claim } = pair
    const key = { tenantId: row.tenantId, connectionId: row.id }
    const generation = row.generation + 1
    const { attemptId } = claim
    const now = await findKeptCredential(database.of(row.tenantId), row.tenantId, row.id)
    if (now?.committedBy === attemptId) return 'committed_before'
    if (isOfGrantGone(row, now)) {
      await setAside.withdraw({ row, attemptId, tokens })
      return 'withdrawn'
    }
    await setAside.orphan({ row, attemptId, tokens })
    logger.warn({ ...key, generation }, 'a refresh came back after its generation had moved')
    return 'orphaned'
  }

  return async (pair) => {
    const { row, old, answer } = pair
    // An answer without a refresh token keeps the old one (RFC 6749 section 6).
    const refreshToken = answer.tokens.refreshToken ?? old.refreshToken
    const { accessToken } = answer.kind === 'tokens' ? answer.tokens : old
    const tokens = { accessToken, refreshToken }
    const owner = { ...row, connectionId: row.id, generation: row.generation + 1 }
    const sealed = await box.seal(owner, tokens)
    try {
      await database.transaction(withInstallation(row.tenantId), (sql) =>
        answer.kind === 'tokens'
          ? replace(sql, { ...pair, answer }, sealed)
          : replaceRefreshToken(sql, { ...pair, answer }, sealed),
      )
      return 'committed'
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      return keepAside(pair, tokens)
    }
  }
}

/** Null: the answer names none, so that they are those of before (RFC 6749 section 5.1). */
function scopesOf({ scopes }: Granted): readonly string[] | null {
  return scopes === null || scopes.length === 0 ? null : scopes
}

/** The compare-and-set did not find generation g. */
class Overtaken extends Error {}

/** Removed, or connected again after this request had begun. */
function isOfGrantGone(row: KeptCredentialRow, now: KeptCredentialRow | undefined): boolean {
  if (now === undefined || now.sealed === null || now.connectedGeneration === null) return true
  return row.generation < now.connectedGeneration
}
