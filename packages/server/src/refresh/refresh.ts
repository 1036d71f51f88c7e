import type { Secret } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import { probeToken } from '../health/probe.ts'
import type { Logger } from '../logger.ts'
import { type Registration, refreshTokens } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { TokenOutcome } from '../oauth/token-answer.ts'
import type { TokenBox, TokenSet } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import {
  advanceConnection,
  endConnection,
  findConnection,
  setConnectionHealth,
} from '../store/connections.ts'
import { type CredentialReadRow, findCredential, replaceCredential } from '../store/credentials.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'
import {
  type Claim,
  claimUpkeep,
  completeUpkeep,
  failUpkeep,
  releaseUpkeep,
} from '../store/upkeep.ts'
import type { Sleep } from '../timers.ts'
import { decide, type Evidence, type Verdict } from './decide.ts'
import { planLife } from './schedule.ts'

/**
 * Longer than a request may take (20 s), its commit and a margin together, so that a lease never ends
 * under a holder that is alive.
 */
const leaseMs = 60_000
const maxCommitPauseMs = 5_000

export interface ConnectionRef {
  tenantId: string
  connectionId: string
}

export interface Refresher {
  /**
   * Refreshes one connection if it is due and nobody else is at it. In a process, callers share one
   * attempt. Answers whether this process made an attempt; what came of it stands in the database.
   */
  refresh(connection: ConnectionRef): Promise<'attempted' | 'not_claimed'>
  /** Waits for attempts that are under way. */
  drain(): Promise<void>
}

/**
 * Lease for liveness, generation for safety: the claim says who should send, the commit says who did.
 * The intent is durable before the first byte leaves, and a success is never thrown away.
 */
export function createRefresher(parts: {
  database: Database
  box: TokenBox
  integrations: Integrations
  outbound: Outbound
  audit: Audit
  logger: Logger
  random: () => number
  sleep: Sleep
  /** Names this process in leases. */
  processId: string
}): Refresher {
  const { database, box, audit, logger, random } = parts
  const underWay = new Map<string, Promise<'attempted' | 'not_claimed'>>()

  async function attempt(connection: ConnectionRef): Promise<'attempted' | 'not_claimed'> {
    const claim = await claimUpkeep(database, { ...connection, owner: parts.processId, leaseMs })
    if (claim === undefined) return 'not_claimed'
    const prepared = await prepare(connection, claim)
    if (prepared === undefined) return 'not_claimed'
    const { row, tokens, registration, refreshToken } = prepared
    const outcome = await refreshTokens(parts.outbound, registration, refreshToken)
    if (outcome.kind === 'tokens') {
      await untilCommitted(() => commit(row, claim, tokens, registration, outcome))
    } else {
      const old = await examine(row, registration, outcome, tokens.accessToken)
      await fail(connection, claim, row, outcome, old)
    }
    return 'attempted'
  }

  /**
   * Everything between the claim and the first byte. The row is read after the claim: whoever held it
   * before may have moved the generation. What fails here was not sent, so the claim is given back
   * without a doubt.
   */
  async function prepare(connection: ConnectionRef, claim: Claim) {
    try {
      const row = await findCredential(database, connection.tenantId, connection.connectionId)
      if (row?.sealed != null && row.refreshDue) {
        const tokens = await box.open({ ...row, connectionId: row.id }, row.sealed)
        const registration = await registrationOf(connection)
        const { refreshToken } = tokens
        if (refreshToken !== null && registration !== undefined) {
          await audit.write(database, { ...entryOf(row), result: 'intent' })
          return { row, tokens, registration, refreshToken }
        }
      }
    } catch (error) {
      await releaseUpkeep(database, { ...connection, ...claim })
      throw error
    }
    await releaseUpkeep(database, { ...connection, ...claim })
    return undefined
  }

  /**
   * A pair whose predecessor is dead must not be lost for want of a database: it is held here and
   * tried again for as long as this process lives.
   */
  async function untilCommitted(tryCommit: () => Promise<void>): Promise<void> {
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, maxCommitPauseMs)) {
      try {
        return await tryCommit()
      } catch (error) {
        if (!(error instanceof DatabaseUnavailable)) throw error
        logger.error({ pauseMs }, 'a refreshed credential cannot be committed; trying again')
        await parts.sleep(pauseMs)
      }
    }
  }

  async function registrationOf(connection: ConnectionRef): Promise<Registration | undefined> {
    const row = await findConnection(database, connection.tenantId, connection.connectionId)
    return row && parts.integrations.registration(row.integrationOwner, row.integrationId)
  }

  /** Generation g becomes g+1, in one transaction with its change and its audit row. */
  async function commit(
    row: CredentialReadRow,
    claim: Claim,
    old: TokenSet,
    registration: Registration,
    outcome: Extract<TokenOutcome, { kind: 'tokens' }>,
  ): Promise<void> {
    const generation = row.generation + 1
    // An answer without a refresh token keeps the old one (RFC 6749 section 6).
    const tokens = {
      ...outcome.tokens,
      refreshToken: outcome.tokens.refreshToken ?? old.refreshToken,
    }
    const sealed = await box.seal({ ...row, connectionId: row.id, generation }, tokens)
    const life = planLife(registration.provider, outcome.expiresInMs, random)
    const key = { tenantId: row.tenantId, connectionId: row.id }
    await database.transaction(row.tenantId, async (sql) => {
      const replaced = await replaceCredential(sql, {
        ...key,
        ...sealed,
        type: 'oauth_token',
        generation,
        lifeMs: life.lifeMs,
        committedBy: claim.attemptId,
      })
      const connection =
        replaced &&
        (await advanceConnection(sql, { tenantId: row.tenantId, id: row.id, generation }))
      if (!connection) {
        logger.warn({ ...key, generation }, 'a refresh came back after its generation had moved')
        return
      }
      await completeUpkeep(sql, { ...key, refreshInMs: life.refreshInMs })
      await writeChange(sql, { kind: 'refreshed', connection })
      await audit.write(sql, { ...entryOf(row), generation, result: 'ok' })
    })
  }

  /** After a refusal, what the old access token says; only where that is evidence. */
  async function examine(
    row: CredentialReadRow,
    registration: Registration,
    outcome: TokenOutcome,
    accessToken: Secret,
  ): Promise<Evidence['oldAccessToken']> {
    if (outcome.kind !== 'rejected') return 'unknown'
    if (row.expiresInMs !== null && row.expiresInMs <= 0) return 'past'
    return probeToken(parts.outbound, { ...registration, accessToken })
  }

  async function fail(
    connection: ConnectionRef,
    claim: Claim,
    row: CredentialReadRow,
    outcome: Exclude<TokenOutcome, { kind: 'tokens' }>,
    oldAccessToken: Evidence['oldAccessToken'],
  ): Promise<void> {
    const evidence = { ...claim, unresolvedBefore: claim.unresolvedBefore !== null, oldAccessToken }
    const verdict = decide(outcome, evidence, random)
    const { tenantId, id } = row
    logger.warn({ ...connection, outcome: outcome.kind, detail: outcome.detail }, 'refresh failed')
    await database.transaction(tenantId, async (sql) => {
      const current = await findCredential(sql, tenantId, id)
      if (current?.generation !== row.generation) {
        // Somebody else's success: adopt it.
        await releaseUpkeep(sql, { ...connection, epoch: claim.epoch, cameFrom: 'idle' })
        return
      }
      const mine = { ...connection, ...verdict, epoch: claim.epoch, owner: parts.processId }
      if (!(await failUpkeep(sql, mine))) return
      await audit.write(sql, { ...entryOf(row), result: 'failed', reason: outcome.kind })
      const ended = verdict.death && (await endConnection(sql, { ...row, ...verdict.death }))
      if (ended) await writeChange(sql, { kind: 'needs_reauth', connection: ended })
      else await setConnectionHealth(sql, { tenantId, id, ...healthOf(verdict) })
    })
  }

  return {
    refresh(connection) {
      const key = JSON.stringify([connection.tenantId, connection.connectionId])
      const running = underWay.get(key)
      if (running !== undefined) return running
      const started = attempt(connection).finally(() => underWay.delete(key))
      underWay.set(key, started)
      return started
    },

    async drain() {
      await Promise.allSettled(underWay.values())
    },
  }
}

function entryOf(row: CredentialReadRow) {
  return {
    tenantId: row.tenantId,
    userId: row.userId,
    connectionId: row.id,
    generation: row.generation,
    actor: 'service',
    action: 'connection.refresh',
  } as const
}

function healthOf(verdict: Verdict) {
  return { health: 'degraded', reason: verdict.outcome } as const
}
