import type { AuditCall } from '@keywell/protocol'
import type { AuditRow } from './audit.ts'
import type { Sql } from './database.ts'

/** An entry as it is read. */
export interface AuditEntryRow {
  id: string
  tenantId: string
  at: Date
  actor: string
  action: string
  userId: string | null
  connectionId: string | null
  generation: number | null
  result: AuditRow['result']
  reason: string | null
  requestId: string | null
  call: AuditCall | null
  /** Null: it is in no chain yet. */
  position: number | null
  link: Uint8Array | null
}

const columns = `a.id, a.tenant_id as "tenantId", a.at, a.actor, a.action, a.user_id as "userId",
  a.connection_id as "connectionId", a.generation, a.result, a.reason,
  a.request_id as "requestId", a.call, a.position::float8 as position, a.link`

export interface AuditQuery {
  tenantId: string
  userId: string | null
  connectionId: string | null
  actor: string | null
  action: string | null
  result: string | null
  from: Date | null
  to: Date | null
  /** Entries before this position; those that have none yet come before all others. */
  beforePosition: number | null
  /** Entries before this id. */
  beforeId: string | null
  limit: number
}

/** Entries of a tenant, newest first: those that wait for their chain, then the chain from its end. */
export async function searchAudit(sql: Sql, query: AuditQuery): Promise<AuditEntryRow[]> {
  return sql.query<AuditEntryRow>(
    `select ${columns} from audit a
     where a.tenant_id = $1 and ($2::text is null or a.user_id = $2)
       and ($3::text is null or a.connection_id = $3) and ($4::text is null or a.actor = $4)
       and ($5::text is null or a.action = $5) and ($6::text is null or a.result = $6)
       and a.at >= coalesce($7::timestamptz, '-infinity')
       and a.at < coalesce($8::timestamptz, 'infinity')
       and ($9::bigint is null or a.position < $9) and ($10::text is null or a.id < $10)
     order by a.position desc nulls first, a.id desc limit $11`,
    [
      query.tenantId,
      query.userId,
      query.connectionId,
      query.actor,
      query.action,
      query.result,
      query.from,
      query.to,
      query.beforePosition,
      query.beforeId,
      query.limit,
    ],
  )
}

/** Entries of a tenant after a position, in the order of its chain. */
export async function readChain(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: number; limit: number },
): Promise<(AuditEntryRow & { position: number; link: Uint8Array })[]> {
  return sql.query(
    `select ${columns} from audit_chain a where a.tenant_id = $1 and a.position > $2
     order by a.position limit $3`,
    [tenantId, after, limit],
  )
}
