import type { AuditRow } from './audit.ts'
import type { Sql } from './database.ts'

/** The tenant after another that has left anything in the log, in the order of the database. */
export async function findNextAuditTenant(sql: Sql, after: string): Promise<string | undefined> {
  const [next] = await sql.query<{ tenantId: string | null }>(
    `select min(tenant_id) as "tenantId" from (
       select min(tenant_id) as tenant_id from audit where tenant_id > $1
       union all select min(tenant_id) from audit_links where tenant_id > $1
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

/** A link and the entry that it names, as they are found. */
export interface LinkRow {
  tenantId: string
  position: number
  entryId: string
  at: Date
  /** The same, in microseconds since 1970, in digits. */
  atMicros: string
  macVersion: number
  mac: Uint8Array
  linkVersion: number
  link: Uint8Array
  /** Null: it is gone. */
  entry: AuditRow | null
  /** Whether the entry has the time that the link says. */
  sameTime: boolean
}

/** Links of a chain after a position, in order; more than told only where two have the last position. */
export async function readLinks(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: number; limit: number },
): Promise<LinkRow[]> {
  return sql.query<LinkRow>(
    `select l.tenant_id as "tenantId", l.position::float8 as position, l.entry_id as "entryId",
       l.at, (extract(epoch from l.at) * 1000000)::bigint::text as "atMicros",
       l.mac_version as "macVersion", l.mac, l.link_version as "linkVersion", l.link,
       coalesce(to_jsonb(a), moved.entry) as entry, a.id is not null as "sameTime"
     from audit_links l
     left join audit a on a.tenant_id = l.tenant_id and a.id = l.entry_id and a.at = l.at
     left join lateral (
       select to_jsonb(elsewhere) as entry from audit elsewhere
       where a.id is null and elsewhere.tenant_id = l.tenant_id and elsewhere.id = l.entry_id
       limit 1
     ) as moved on true
     where l.tenant_id = $1 and l.position > $2
     order by l.position fetch first ($3::int) rows with ties`,
    [tenantId, after, limit],
  )
}

export interface LooseRow {
  id: string
  at: Date
  /** The same to the microsecond, as the database writes it. */
  exactAt: string
  /** Whether it is in the chain, or waits for it. */
  known: boolean
}

/** Entries after another, in the order of ids and times, and whether the chain knows them. */
export async function readEntriesById(
  sql: Sql,
  {
    tenantId,
    after,
    limit,
  }: { tenantId: string; after: Pick<LooseRow, 'id' | 'exactAt'>; limit: number },
): Promise<LooseRow[]> {
  return sql.query<LooseRow>(
    `select a.id, a.at, a.at::text as "exactAt", exists (
         select from audit_links l
         where l.tenant_id = a.tenant_id and l.entry_id = a.id and l.at = a.at
       ) or exists (
         select from audit_tail t
         where t.tenant_id = a.tenant_id and t.entry_id = a.id and t.at = a.at
       ) as known
     from audit a where a.tenant_id = $1 and (a.id, a.at) > ($2, ($3::text)::timestamptz)
     order by a.id, a.at limit $4`,
    [tenantId, after.id, after.exactAt, limit],
  )
}
