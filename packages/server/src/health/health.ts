import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { logDecision, logOutcome } from '../refresh/decision-log.ts'
import { startStopwatch } from '../refresh/stopwatch.ts'
import type { Timing } from '../refresh/timing.ts'
import { findKeptCredential } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { endProbe } from '../store/refresh-outcomes.ts'
import { withInstallation } from '../store/scope.ts'
import { accountMismatch } from './check-account.ts'
import { type LookParts, look } from './look.ts'
import { isNewMismatch, type RecordLookParts, recordLook } from './record-look.ts'

/** Probes connections that nothing else has checked for a while. */
export interface Health {
  /**
   * Carries out a claim whose refresh is not due: asks the provider, and writes the answer. A probe that
   * fails releases its claim. One that a reader waits for goes before background work.
   */
  check(claim: Claim, options?: { background: boolean }): Promise<void>
}

export interface HealthParts extends LookParts, RecordLookParts {
  database: Database
  logger: Logger
  metrics: Pick<Metrics, 'probed' | 'connectionEnded'>
  timing: Timing
}

/**
 * A probe fills the gaps between refreshes, so that a grant that the user withdrew is noticed although its
 * token has time left. It never ends a connection that can be refreshed: it makes the refresh due, and only
 * a refused refresh ends it. 403, 404, 429, 5xx and silence end nothing.
 */
export function createHealth(parts: HealthParts): Health {
  return {
    async check(claim, { background } = { background: true }) {
      try {
        await probe(parts, claim, background)
      } catch (error) {
        // With the database away the lease has to end by itself.
        await releaseClaim(parts, claim).catch(() => {})
        throw error
      }
    },
  }
}

async function probe(parts: HealthParts, claim: Claim, background: boolean): Promise<void> {
  const { database, logger, metrics } = parts
  const { tenantId, connectionId } = claim
  const elapsedMs = startStopwatch()
  const row = await findKeptCredential(database.of(tenantId), tenantId, connectionId)
  if (row?.sealed == null) return // disconnected, and its schedule deleted
  const found = await look(parts, { ...row, sealed: row.sealed }, background)
  if (found.status === 'inactive') {
    logger.warn({ tenantId, connectionId }, 'access token inactive')
  }
  if (isNewMismatch(row, found)) {
    logger.error(
      { alarm: accountMismatch, tenantId, connectionId, provider: row.provider },
      'account mismatch',
    )
  }
  const done = await database.transaction(withInstallation(tenantId), (sql) =>
    recordLook(sql, parts, { claim, row, found, background, elapsedMs }),
  )
  if (done === null) return
  const { verdict, recorded } = done
  logDecision(parts, claim, `probe_${found.isOver ? 'expired' : found.status}`, {
    ...verdict,
    retryInMs: verdict.refreshNow ? 0 : verdict.probeInMs,
  })
  logOutcome(parts, row, recorded)
  if (verdict.death !== null) metrics.connectionEnded(row.provider, verdict.death.reason)
}

/** Nothing was found out: the next probe comes soon, and no reader waits for the lease to end. */
async function releaseClaim({ database, timing }: HealthParts, claim: Claim): Promise<void> {
  const { previousState: state, failures, probeFailures } = claim
  const unchanged = { state, failures, probeFailures, refreshNow: false, generation: null }
  const probeInMs = timing.confirmAfterMs
  await endProbe(database.of(claim.tenantId), claim, { ...unchanged, probeInMs })
}
