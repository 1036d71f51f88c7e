import type { Sql } from './database.ts'

/** A call of a tool that a person has to approve. What it would do is sealed. */
export interface ApprovalRow {
  tenantId: string
  id: string
  /** `ofTenant`: of the tenant's own connection. */
  userId: string
  connectionId: string
  tool: string
  callHash: string
  state: 'pending' | 'approved' | 'denied' | 'used'
  agent: string | null
  sealed: Uint8Array
  requestedAt: Date
  endsAt: Date
  hasEnded: boolean
  decidedAt: Date | null
  decidedBy: string | null
}

const columns = `tenant_id as "tenantId", id, user_id as "userId", connection_id as "connectionId", tool,
  call_hash as "callHash", state, agent, sealed, requested_at as "requestedAt", ends_at as "endsAt",
  ends_at <= now() as "hasEnded", decided_at as "decidedAt", decided_by as "decidedBy"`

export async function insertApproval(
  sql: Sql,
  row: Pick<
    ApprovalRow,
    | 'tenantId'
    | 'id'
    | 'userId'
    | 'connectionId'
    | 'tool'
    | 'callHash'
    | 'agent'
    | 'sealed'
    | 'endsAt'
  > & { keyVersion: number },
): Promise<void> {
  await sql.query(
    `insert into approvals
       (tenant_id, id, user_id, connection_id, tool, call_hash, agent, key_version, sealed, ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      row.tenantId,
      row.id,
      row.userId,
      row.connectionId,
      row.tool,
      row.callHash,
      row.agent,
      row.keyVersion,
      row.sealed,
      row.endsAt,
    ],
  )
}

export async function findApproval(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<ApprovalRow | undefined> {
  const [row] = await sql.query<ApprovalRow>(
    `select ${columns} from approvals where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

export async function listApprovals(
  sql: Sql,
  query: { tenantId: string; userId: string | null; state: string | null; limit: number },
): Promise<ApprovalRow[]> {
  return sql.query<ApprovalRow>(
    `select ${columns} from approvals
     where tenant_id = $1 and ($2::text is null or user_id = $2)
       and ($3::text is null or $3 = case
         when state in ('pending', 'approved') and ends_at <= now() then 'expired' else state end)
     order by id desc limit $4`,
    [query.tenantId, query.userId, query.state, query.limit],
  )
}

/** False: it was decided, or has ended. */
export async function decideApproval(
  sql: Sql,
  row: Pick<ApprovalRow, 'tenantId' | 'id' | 'sealed'> & {
    state: 'approved' | 'denied'
    decidedBy: string
    next: { sealed: Uint8Array; keyVersion: number }
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update approvals
     set state = $3, decided_at = now(), decided_by = $4, sealed = $5, key_version = $6
     where tenant_id = $1 and id = $2 and state = 'pending' and ends_at > now() and sealed = $7
     returning id`,
    [
      row.tenantId,
      row.id,
      row.state,
      row.decidedBy,
      row.next.sealed,
      row.next.keyVersion,
      row.sealed,
    ],
  )
  return rows.length === 1
}

/** Uses it up, for one call. False: another call did, or it has ended. */
export async function spendApproval(
  sql: Sql,
  { tenantId, id, callHash }: Pick<ApprovalRow, 'tenantId' | 'id' | 'callHash'>,
): Promise<boolean> {
  const rows = await sql.query(
    `update approvals set state = 'used'
     where tenant_id = $1 and id = $2 and call_hash = $3 and state = 'approved' and ends_at > now()
     returning id`,
    [tenantId, id, callHash],
  )
  return rows.length === 1
}

/** Of all tenants: those that ended a day ago. */
export async function deleteOldApprovals(sql: Sql): Promise<void> {
  await sql.query("delete from approvals where ends_at < now() - interval '24 hours'")
}

/** Of all tenants: those that nobody has decided in time, and of which that has to be reported. */
export async function findExpiredApprovals(
  sql: Sql,
  limit: number,
): Promise<Pick<ApprovalRow, 'tenantId' | 'id'>[]> {
  return sql.query(
    `select tenant_id as "tenantId", id from approvals
     where state = 'pending' and ends_at <= now() and not expiry_reported order by ends_at limit $1`,
    [limit],
  )
}

/** Undefined: it was reported. */
export async function passExpiredApproval(
  sql: Sql,
  { tenantId, id }: Pick<ApprovalRow, 'tenantId' | 'id'>,
): Promise<ApprovalRow | undefined> {
  const [row] = await sql.query<ApprovalRow>(
    `update approvals set expiry_reported = true
     where tenant_id = $1 and id = $2 and state = 'pending' and ends_at <= now() and not expiry_reported
     returning ${columns}`,
    [tenantId, id],
  )
  return row
}
