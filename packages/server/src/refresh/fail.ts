import type { Audit } from '../audit/audit.ts'
import { writeChange } from '../changes/changes.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createBlame } from '../oauth/blame.ts'
import type { Registration } from '../oauth/client.ts'
import type { Granted, TokenOutcome, Unusable } from '../oauth/token-answer.ts'
import { endConnection, setConnectionHealth } from '../store/connections.ts'
import { findCredential, type KeptCredentialRow } from '../store/credentials.ts'
import type { Database, Sql } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { recordFailure } from '../store/refresh-outcomes.ts'
import { withInstallation } from '../store/scope.ts'
import { auditEntryOf } from './audit-entry.ts'
import type { IncidentGuard } from './incident-guard.ts'
import {
  type Death,
  type RefreshState,
  type ScheduleEvent,
  type Step,
  type StepOptions,
  step,
  type TokenProbe,
} from './machine.ts'
import type { Timing } from './timing.ts'

export type Failed = Exclude<TokenOutcome, Granted | Unusable>

/** The shortest pause before a claim that was given back is taken again. */
const minPauseMs = 1_000

export interface Fail {
  /** Ends a claim of which nothing was sent. */
  releaseClaim(claim: Claim, retryInMs: number): Promise<undefined>
  /** Writes what an attempt that brought no pair has taught. */
  record(attempt: {
    claim: Claim
    row: KeptCredentialRow
    registration: Registration
    outcome: Failed
    oldAccessToken: TokenProbe
    /** Milliseconds since the row was read, or a little more. */
    elapsedMs: number
  }): Promise<void>
}

export function createFail(parts: {
  database: Database
  audit: Audit
  incidentGuard: IncidentGuard
  logger: Logger
  metrics: Pick<Metrics, 'connectionEnded'>
  random: () => number
  timing: Timing
}): Fail {
  const { database, audit } = parts
  const blame = createBlame(parts)
  const { confirmAfterMs, backoffMs } = parts.timing
  const options = { random: parts.random, confirmAfterMs, backoffMs }

  function next(
    claim: Claim,
    event: ScheduleEvent,
    known: Pick<StepOptions, 'accessTokenEndsInMs' | 'decision'> = {},
  ): Step {
    const result = step(stateOf(claim), event, { ...options, ...known })
    if (result === undefined) throw new TypeError(`${event.kind} has no effect on a claimed row`)
    return result
  }

  async function write(sql: Sql, claim: Claim, outcome: string, result: Step): Promise<boolean> {
    if (result.state === 'none') throw new TypeError('a failure removes nothing')
    return recordFailure(sql, claim, { ...result, state: result.state, outcome })
  }

  return {
    async releaseClaim(claim, retryInMs) {
      const pauseMs = Math.max(minPauseMs, retryInMs)
      const result = next(claim, { kind: 'not_sent', retryInMs: pauseMs })
      await write(database.of(claim.tenantId), claim, 'not_sent', result)
      return undefined
    },

    async record({ claim, row, registration, outcome, oldAccessToken, elapsedMs }) {
      const { tenantId, id, expiresInMs } = row
      const accessTokenEndsInMs = expiresInMs === null ? null : expiresInMs - elapsedMs
      const { refreshTokenLifetime, rotation } = registration.provider.refresh
      const event = eventOf(outcome, {
        oldAccessToken,
        refreshTokenEnded:
          refreshTokenLifetime !== null &&
          row.issuedForMs !== null &&
          row.issuedForMs > refreshTokenLifetime * 1000,
        repeatable: rotation === 'none' || rotation === 'grace',
      })
      const death = await database.transaction(withInstallation(tenantId), async (sql) => {
        const current = await findCredential(sql, tenantId, id)
        const moved = current?.generation !== row.generation
        // Somebody else's success: adopt it.
        const known = { accessTokenEndsInMs }
        let result = next(claim, moved ? { kind: 'overtaken' } : event, known)
        if (result.death !== null) {
          const decision = await parts.incidentGuard.decide(sql, row, { claim, elapsedMs })
          result = next(claim, event, { ...known, decision })
        }
        const isOurs = await write(sql, claim, moved ? 'overtaken' : outcome.kind, result)
        if (!isOurs || moved || outcome.kind === 'not_sent') return null
        await audit.write(sql, { ...auditEntryOf(row), result: 'failed', reason: outcome.kind })
        if (result.attributedTo !== null) {
          const { revision } = registration
          const { actor } = auditEntryOf(row)
          await blame.suspend(sql, row, { reason: result.attributedTo, revision, actor })
        }
        await recordOutcome(sql, row, result)
        return result.death
      })
      if (death !== null) parts.metrics.connectionEnded(row.provider, death.reason)
    },
  }
}

/** What a look at a connection, or an attempt to renew it, has found. */
export interface HealthOutcome {
  health: 'ok' | 'degraded' | 'unknown'
  reason: string | null
  /** The provider has named the account that is connected. Default: false. */
  sameAccount?: boolean
}

/** Writes the connection's side of a step, and the changes that go with it: one of each per outage. */
export async function recordOutcome(
  sql: Sql,
  row: { tenantId: string; id: string; generation: number },
  { death, health }: { death: Death | null; health: HealthOutcome | null },
): Promise<void> {
  if (death !== null) {
    const ended = await endConnection(sql, { ...row, ...death })
    const kind = death.status === 'revoked' ? 'revoked' : 'needs_reauth'
    if (ended !== undefined) await writeChange(sql, { kind, connection: ended })
  } else if (health !== null) {
    const connection = await setConnectionHealth(sql, { ...row, ...health })
    if (connection === undefined || connection.healthBefore === connection.health) return
    if (connection.health === 'degraded') await writeChange(sql, { kind: 'degraded', connection })
    if (connection.healthBefore === 'degraded' && connection.health === 'ok') {
      await writeChange(sql, { kind: 'recovered', connection })
    }
  }
}

export function stateOf(claim: Claim): RefreshState {
  const { previousState, failures, unresolvedForMs } = claim
  const state = claim.refreshDue ? 'refreshing' : previousState
  return { state, previousState, failures, unresolved: unresolvedForMs !== null }
}

type Rejected = Extract<ScheduleEvent, { kind: 'rejected' }>

function eventOf(
  outcome: Failed,
  evidence: Pick<Rejected, 'oldAccessToken' | 'refreshTokenEnded' | 'repeatable'>,
): ScheduleEvent {
  switch (outcome.kind) {
    case 'not_sent':
      return { kind: 'not_sent', retryInMs: Math.max(minPauseMs, outcome.retryAfterMs ?? 0) }
    case 'not_processed':
      return { kind: 'not_processed', retryAfterMs: outcome.retryAfterMs }
    case 'rejected':
      return { kind: 'rejected', ...evidence }
    default:
      return { kind: outcome.kind }
  }
}
