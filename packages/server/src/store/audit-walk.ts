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
  sameTime: boolean | null
}

/** Links of a chain after a position, in order. */
export async function readLinks(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: number; limit: number },
): Promise<LinkRow[]> {
  return sql.query<LinkRow>(
    `select l.tenant_id as "tenantId", l.position::float8 as position, l.entry_id as "entryId",
       l.at, (extract(epoch from l.at) * 1000000)::bigint::text as "atMicros",
       l.mac_version as "macVersion", l.mac, l.link_version as "linkVersion", l.link,
       to_jsonb(a) as entry, a.at = l.at as "sameTime"
     from audit_links l
     left join audit a on a.tenant_id = l.tenant_id and a.id = l.entry_id
     where l.tenant_id = $1 and l.position > $2
     order by l.position limit $3`,
    [tenantId, after, limit],
  )
}

export interface LooseRow {
  id: string
  at: Date
  /** Whether it is in the chain, or waits for it. */
  known: boolean
}

/** Entries after an id, in the order of ids, and whether the chain knows them. */
export async function readEntriesById(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: string; limit: number },
): Promise<LooseRow[]> {
  return sql.query<LooseRow>(
    `select a.id, a.at, exists (
         select from audit_links l where l.tenant_id = a.tenant_id and l.entry_id = a.id
       ) or exists (
         select from audit_tail t where t.tenant_id = a.tenant_id and t.entry_id = a.id
       ) as known
     from audit a where a.tenant_id = $1 and a.id > $2
     order by a.id limit $3`,
    [tenantId, after, limit],
  )
}
