import { writeChange } from '../changes/changes.ts'
import { endConnection, setConnectionHealth } from '../store/connections.ts'
import type { Sql } from '../store/database.ts'
import type { Death } from './machine.ts'

/** What a probe, or an attempt to refresh, says of a connection's health. */
export interface HealthOutcome {
  health: 'ok' | 'degraded' | 'unknown'
  reason: string | null
  /** The provider has named the account that is connected. Default: false. */
  sameAccount?: boolean
}

/** What is new of a connection. */
export type Recorded =
  | { kind: 'ended'; death: Death }
  | { kind: 'degraded'; reason: string | null }
  | { kind: 'recovered' }

/**
 * Writes the connection's side of a step, and the changes that go with it: one of each per outage.
 *
 * @returns null: nothing is new
 */
export async function recordOutcome(
  sql: Sql,
  row: { tenantId: string; id: string; generation: number },
  { death, health }: { death: Death | null; health: HealthOutcome | null },
): Promise<Recorded | null> {
  if (death !== null) {
    const ended = await endConnection(sql, { ...row, ...death })
    if (ended === undefined) return null
    const kind = death.status === 'revoked' ? 'revoked' : 'needs_reauth'
    await writeChange(sql, { kind, connection: ended })
    return { kind: 'ended', death }
  }
  if (health === null) return null
  const connection = await setConnectionHealth(sql, { ...row, ...health })
  if (connection === undefined) return null
  const { degradedReported, degradedReportedBefore } = connection
  if (degradedReported === degradedReportedBefore) return null
  const kind = degradedReported ? 'degraded' : 'recovered'
  await writeChange(sql, { kind, connection })
  return degradedReported ? { kind: 'degraded', reason: health.reason } : { kind: 'recovered' }
}
