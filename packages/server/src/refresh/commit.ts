import type { Audit } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import type { Logger } from '../logger.ts'
import { requireProvider } from '../oauth/integrations.ts'
import type { Granted } from '../oauth/token-answer.ts'
import type { TokenBox, TokenSet } from '../oauth/token-set.ts'
import { advanceConnection } from '../store/connections.ts'
import {
  findKeptCredential,
  type KeptCredentialRow,
  replaceCredential,
} from '../store/credentials.ts'
import type { Database, Sql } from '../store/database.ts'
import { clearIntegration } from '../store/integrations.ts'
import { insertOrphan } from '../store/orphans.ts'
import { insertRevocation } from '../store/revocations.ts'
import { withInstallation } from '../store/scope.ts'
import { type Claim, completeUpkeep } from '../store/upkeep.ts'
import { auditEntryOf } from './audit-entry.ts'
import { doubtAfterSuccess } from './doubt.ts'
import { standingOf } from './fail.ts'
import { planLife, planProbe } from './schedule.ts'

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
  answer: Granted
  /** Milliseconds since the request was begun: the token's life counts from there, or from later. */
  ageMs: number
}

/** Stores what a refresh brought. No success is thrown away, whoever holds the lease by now. */
export type Commit = (pair: NewPair) => Promise<Committed>

export function createCommit(parts: {
  database: Database
  box: TokenBox
  audit: Audit
  logger: Logger
  random: () => number
}): Commit {
  const { database, box, audit, logger, random } = parts

  /**
   * Generation g becomes g+1, in one transaction with its change and its audit row. What does not need
   * an answer goes out together: waiting in between is most of what a refresh costs.
   *
   * @throws Overtaken when there is no generation g to replace; nothing of it stays then
   */
  async function replace(
    sql: Sql,
    { row, claim, answer, ageMs }: NewPair,
    sealed: { sealed: Uint8Array; keyVersion: number },
  ): Promise<void> {
    const key = { tenantId: row.tenantId, connectionId: row.id }
    const generation = row.generation + 1
    const provider = requireProvider(row.provider)
    const life = planLife(provider, answer.expiresInMs, random)
    const probeInMs = planProbe({ ...claim, type: 'oauth_token', endsInMs: life.lifeMs }, random)
    const refreshInMs = life.refreshInMs === null ? null : life.refreshInMs - ageMs
    const doubtLeft = doubtAfterSuccess(provider.refresh, standingOf(claim))
    const integration = { tenantId: row.integrationOwner, id: row.integrationId }
    // Credential, upkeep, connection: everybody takes the rows in this order, so that nobody deadlocks.
    const [replaced, , connection, wasSuspended] = await Promise.all([
      replaceCredential(sql, {
        ...key,
        ...sealed,
        type: 'oauth_token',
        generation,
        lifeMs: life.lifeMs === null ? null : Math.max(0, life.lifeMs - ageMs),
        committedBy: claim.attemptId,
      }),
      completeUpkeep(sql, { ...key, refreshInMs, probeInMs, epoch: claim.epoch, doubtLeft }),
      advanceConnection(sql, { ...row, generation }),
      clearIntegration(sql, integration),
    ])
    if (!replaced) throw new Overtaken()
    if (connection === undefined) throw new TypeError('a credential without its connection')
    if (wasSuspended) {
      logger.info({ integrationId: integration.id }, 'the client is taken again')
      await audit.write(sql, { ...auditEntryOf(row), action: 'integration.resume', result: 'ok' })
    }
    const isRecovered = connection.healthBefore === 'degraded'
    await Promise.all([
      writeChange(sql, { kind: 'refreshed', connection }),
      ...(isRecovered ? [writeChange(sql, { kind: 'recovered', connection })] : []),
      audit.write(sql, { ...auditEntryOf(row), generation, result: 'ok' }),
    ])
  }

  /** The compare-and-set did not find generation g. */
  async function keepAside(
    pair: NewPair,
    sealed: { sealed: Uint8Array; keyVersion: number },
    tokens: TokenSet,
  ): Promise<Committed> {
    const { row, claim } = pair
    const key = { tenantId: row.tenantId, connectionId: row.id }
    const generation = row.generation + 1
    const now = await findKeptCredential(database.of(row.tenantId), row.tenantId, row.id)
    if (now?.committedBy === claim.attemptId) return 'committed_before'
    const entry = { ...auditEntryOf(row), generation, result: 'ok' } as const
    if (isOfGrantGone(row, now)) {
      await database.transaction(row.tenantId, async (sql) => {
        const { attemptId } = claim
        await insertRevocation(sql, { ...row, ...key, ...sealed, attemptId, generation })
        await audit.write(sql, { ...entry, reason: 'withdrawn' })
      })
      return 'withdrawn'
    }
    const orphan = await box.sealOrphan({ ...row, ...key, generation }, claim.attemptId, tokens)
    await database.transaction(row.tenantId, async (sql) => {
      await insertOrphan(sql, { ...key, ...orphan, attemptId: claim.attemptId, generation })
      await audit.write(sql, { ...entry, reason: 'orphaned' })
    })
    logger.warn({ ...key, generation }, 'a refresh came back after its generation had moved')
    return 'orphaned'
  }

  return async (pair) => {
    const { row, old, answer } = pair
    // An answer without a refresh token keeps the old one (RFC 6749 section 6).
    const refreshToken = answer.tokens.refreshToken ?? old.refreshToken
    const tokens = { ...answer.tokens, refreshToken }
    const owner = { ...row, connectionId: row.id, generation: row.generation + 1 }
    const sealed = await box.seal(owner, tokens)
    try {
      await database.transaction(withInstallation(row.tenantId), (sql) =>
        replace(sql, pair, sealed),
      )
      return 'committed'
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      return keepAside(pair, sealed, tokens)
    }
  }
}

/** The compare-and-set did not find generation g. */
class Overtaken extends Error {}

/** Removed, or connected again after this request had begun. */
function isOfGrantGone(row: KeptCredentialRow, now: KeptCredentialRow | undefined): boolean {
  if (now === undefined || now.sealed === null || now.connectedGeneration === null) return true
  return row.generation < now.connectedGeneration
}
