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
  /** Its place on the disk, which stays: these rows are never updated. */
  place: string
  tenantId: string
  entryId: string
  /** Microseconds since 1970, in digits. */
  atMicros: string
  mac: Uint8Array
  macVersion: number
}

/** The oldest entries of some tenants in the tail, each tenant's in their order. */
export async function readTail(sql: Sql, limit: number): Promise<TailRow[]> {
  return sql.query<TailRow>(
    `select ctid::text as place, tenant_id as "tenantId", id as "entryId",
       (extract(epoch from at) * 1000000)::bigint::text as "atMicros",
       mac_version as "macVersion", mac
     from audit_tail order by tenant_id, seq limit $1`,
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
       select position, link from audit_chain where tenant_id = asked.tenant_id
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
  /** Of its entry, in the tail. */
  place: string
  position: number
  link_version: number
  link: string
}

/** Moves entries from the tail to their chains, and notes that the ends of these are to be signed. */
export async function linkEntries(sql: Sql, links: readonly NewLink[]): Promise<void> {
  await sql.query('select audit_link(($1::text)::json)', [JSON.stringify(links)])
}
