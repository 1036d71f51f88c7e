import type { AuditRow } from './audit.ts'
import type { Sql } from './database.ts'

/** The tenant after another that has left anything in the log, in the order of the database. */
export async function findNextAuditTenant(sql: Sql, after: string): Promise<string | undefined> {
  const [next] = await sql.query<{ tenantId: string | null }>(
    `select min(tenant_id) as "tenantId" from (
       select min(tenant_id) as tenant_id from audit_chain where tenant_id > $1
       union all select min(tenant_id) from audit_tail where tenant_id > $1
       union all select min(tenant_id) from audit_heads where tenant_id > $1
     ) as each`,
    [after],
  )
  return next?.tenantId ?? undefined
}

export interface CutRow {
  tenantId: string
  position: number
  link: Uint8Array
  at: Date
  macVersion: number
  mac: Uint8Array
}

/** Where retention has cut a chain last. */
export async function findCut(sql: Sql, tenantId: string): Promise<CutRow | undefined> {
  const [cut] = await sql.query<CutRow>(
    `select tenant_id as "tenantId", position::float8 as position, link, at,
       mac_version as "macVersion", mac
     from audit_cuts where tenant_id = $1 order by position desc limit 1`,
    [tenantId],
  )
  return cut
}

/** An entry as it is found, with the MAC that it was written with. */
export interface FoundEntry {
  entry: AuditRow
  at: Date
  macVersion: number
  mac: Uint8Array
}

/** An entry in its chain. */
export interface LinkRow extends FoundEntry {
  tenantId: string
  position: number
  entryId: string
  /** `at` in microseconds since 1970, in digits. */
  atMicros: string
  linkVersion: number
  link: Uint8Array
}

const found = `at, mac_version as "macVersion", mac, jsonb_build_object('tenant_id', tenant_id, 'id', id,
  'actor', actor, 'action', action, 'user_id', user_id, 'connection_id', connection_id,
  'generation', generation, 'result', result, 'reason', reason, 'request_id', request_id,
  'call', call::text) as entry`

/** Entries of a chain after a position, in order; more than `limit` only where two have the last position. */
export async function readLinks(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: number; limit: number },
): Promise<LinkRow[]> {
  return sql.query<LinkRow>(
    `select ${found}, tenant_id as "tenantId", position::float8 as position, id as "entryId",
       (extract(epoch from at) * 1000000)::bigint::text as "atMicros",
       link_version as "linkVersion", link
     from audit_chain where tenant_id = $1 and position > $2
     order by position fetch first ($3::int) rows with ties`,
    [tenantId, after, limit],
  )
}

export interface WaitingRow extends FoundEntry {
  /** In digits. */
  seq: string
}

/** Entries of a tenant that wait for their chain, after another. */
export async function readWaiting(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: string; limit: number },
): Promise<WaitingRow[]> {
  return sql.query<WaitingRow>(
    `select ${found}, seq::text as seq from audit_tail
     where tenant_id = $1 and audit_tail.seq > ($2::text)::bigint order by audit_tail.seq limit $3`,
    [tenantId, after, limit],
  )
}
