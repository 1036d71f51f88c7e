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
    if (connection === undefined) return
    const { degradedReported, degradedReportedBefore } = connection
    if (degradedReported && !degradedReportedBefore)
      await writeChange(sql, { kind: 'degraded', connection })
    if (!degradedReported && degradedReportedBefore)
      await writeChange(sql, { kind: 'recovered', connection })
  }
}
