import type { Sql } from './database.ts'

/** Any number, as long as it stays the same: it is the name of the lock. */
const chainsLock = 5_394_714

/** Who has it may extend and cut chains, until the end of the transaction. False: another has it. */
export async function tryLockChains(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ locked: boolean }>(
    'select pg_try_advisory_xact_lock($1::bigint) as locked',
    [chainsLock],
  )
  return row?.locked === true
}

/** The same, and waits for it. */
export async function lockChains(sql: Sql): Promise<void> {
  await sql.query('select pg_advisory_xact_lock($1::bigint)', [chainsLock])
}

/** An entry that is in no chain yet. */
export interface TailRow {
  tenantId: string
  entryId: string
  /** Microseconds since 1970, in digits. */
  atMicros: string
  mac: Uint8Array
  macVersion: number
}

/** Takes the oldest entries of some tenants from the tail, each tenant's in their order. */
export async function takeTail(sql: Sql, limit: number): Promise<TailRow[]> {
  // By their place on the disk, which is the fastest; it stays, since these rows are never updated.
  return sql.query<TailRow>(
    `with taken as (
       delete from audit_tail where ctid = any (array(
         select ctid from audit_tail order by tenant_id, seq limit $1
       ))
       returning tenant_id, seq, entry_id, at, mac_version, mac
     )
     select tenant_id as "tenantId", entry_id as "entryId",
       (extract(epoch from at) * 1000000)::bigint::text as "atMicros",
       mac_version as "macVersion", mac
     from taken order by tenant_id, seq`,
    [limit],
  )
}

export interface ChainEnd {
  tenantId: string
  /** Zero: the chain is empty. */
  position: number
  link: Uint8Array | null
}

/** The last link of each chain; where retention took them all, the last that it took. */
export async function findChainEnds(sql: Sql, tenantIds: readonly string[]): Promise<ChainEnd[]> {
  return sql.query<ChainEnd>(
    `select asked.tenant_id as "tenantId",
       coalesce(last.position, cut.position, 0)::float8 as position,
       coalesce(last.link, cut.link) as link
     from unnest($1::text[]) as asked (tenant_id)
     left join lateral (
       select position, link from audit_links where tenant_id = asked.tenant_id
       order by position desc limit 1
     ) as last on true
     left join lateral (
       select position, link from audit_cuts where tenant_id = asked.tenant_id
       order by position desc limit 1
     ) as cut on true`,
    [tenantIds],
  )
}

/** A link as it is written; bytes in base64. */
export interface NewLink {
  tenant_id: string
  position: number
  entry_id: string
  at_micros: string
  mac_version: number
  mac: string
  link_version: number
  link: string
}

/** Appends links, and notes that the ends of these chains are to be signed. */
export async function insertLinks(sql: Sql, links: readonly NewLink[]): Promise<void> {
  await sql.query(
    `with new as materialized (
       select * from json_to_recordset(($1::text)::json) as row (tenant_id text, position bigint,
         entry_id text, at_micros bigint, mac_version int, mac text, link_version int, link text)
     ), due as (
       insert into audit_heads_due (tenant_id) select distinct tenant_id from new
       on conflict do nothing
     )
     insert into audit_links (tenant_id, position, entry_id, at, mac_version, mac, link_version, link)
     select tenant_id, position, entry_id,
       timestamptz 'epoch' + at_micros * interval '1 microsecond',
       mac_version, decode(mac, 'base64'), link_version, decode(link, 'base64')
     from new`,
    [JSON.stringify(links)],
  )
}
