import type { Sql } from './database.ts'

/** When the device code of a flow is polled for again. */
export interface DevicePollRow {
  tenantId: string
  flowId: string
  intervalMs: number
  /** The code has come to its end. */
  isOver: boolean
}

export async function insertDevicePoll(
  sql: Sql,
  row: { tenantId: string; flowId: string; intervalMs: number; expiresAt: Date },
): Promise<void> {
  await sql.query(
    `insert into device_polls (tenant_id, flow_id, interval_ms, due_at, expires_at)
     values ($1, $2, $3, least(now() + $3::int * interval '1 millisecond', $4::timestamptz), $4)`,
    [row.tenantId, row.flowId, row.intervalMs, row.expiresAt],
  )
}

/**
 * Claims polls that are due, of all tenants, the longest due first. Nobody else polls for one of them before its lease
 * is over, in whichever process.
 */
export async function claimDevicePolls(
  sql: Sql,
  { leaseMs, limit }: { leaseMs: number; limit: number },
): Promise<DevicePollRow[]> {
  return sql.query<DevicePollRow>(
    `with due as (
       select tenant_id, flow_id from device_polls where due_at <= now()
       order by due_at limit $2 for update skip locked
     )
     update device_polls p set due_at = now() + $1 * interval '1 millisecond'
     from due where p.tenant_id = due.tenant_id and p.flow_id = due.flow_id
     returning p.tenant_id as "tenantId", p.flow_id as "flowId", p.interval_ms as "intervalMs",
       p.expires_at <= now() as "isOver"`,
    [leaseMs, limit],
  )
}

/** Ends a claim: the next poll is after the pause, and no later than the end of the code. */
export async function postponeDevicePoll(
  sql: Sql,
  row: { tenantId: string; flowId: string; intervalMs: number; pauseMs: number },
): Promise<void> {
  await sql.query(
    `update device_polls
     set interval_ms = $3, due_at = least(now() + $4 * interval '1 millisecond', expires_at)
     where tenant_id = $1 and flow_id = $2`,
    [row.tenantId, row.flowId, row.intervalMs, row.pauseMs],
  )
}

export async function deleteDevicePoll(sql: Sql, tenantId: string, flowId: string): Promise<void> {
  await sql.query('delete from device_polls where tenant_id = $1 and flow_id = $2', [
    tenantId,
    flowId,
  ])
}
