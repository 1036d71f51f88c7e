import type { Sql } from './database.ts'

/** Readers listen here for the notification that there is something new. */
export const changesChannel = 'keywell_changes'

export interface NewChange {
  tenantId: string
  kind: string
  connectionId: string
  userId: string
  provider: string
  host: string
  name: string
  generation: number
}

interface Written {
  tenantId: string
  xid: string
  seq: string
  at: Date
}
/** What concerns a whole tenant names no connection. */
export type ChangeRow = Written &
  (
    | NewChange
    | ({ kind: 'policy' | 'providers' } & Record<
        Exclude<keyof NewChange, 'tenantId' | 'kind'>,
        null
      >)
  )

/** Appends a change and notifies; Postgres sends equal notifications of a transaction once, at its commit. */
export async function insertChange(sql: Sql, change: NewChange): Promise<void> {
  await sql.query(
    `with written as (
       insert into changes (tenant_id, kind, connection_id, user_id, provider, host, name, generation)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       returning tenant_id
     )
     select pg_notify($9, '') from written`,
    [
      change.tenantId,
      change.kind,
      change.connectionId,
      change.userId,
      change.provider,
      change.host,
      change.name,
      change.generation,
      changesChannel,
    ],
  )
}

/** The same for what concerns the whole tenant, or with `@install` all of them. */
export async function insertTenantChange(
  sql: Sql,
  change: { tenantId: string; kind: 'policy' | 'providers' },
): Promise<void> {
  await sql.query(
    `with written as (
       insert into changes (tenant_id, kind) values ($1, $2) returning tenant_id
     )
     select pg_notify($3, '') from written`,
    [change.tenantId, change.kind, changesChannel],
  )
}

export interface Horizon {
  /** Every transaction before this one has ended: nothing can appear before it any more. */
  xid: string
  now: Date
  /** When the oldest change was begun that is committed but not yet before the horizon; null: none. */
  heldSince: Date | null
}

/** How far the log of all tenants can be read without ever missing a change. */
export async function readHorizon(sql: Sql): Promise<Horizon> {
  const [horizon] = await sql.query<Horizon>(
    `select horizon.xid, now() as now, (
       select at from changes where xid >= horizon.xid order by xid, seq limit 1
     ) as "heldSince"
     from (select pg_snapshot_xmin(pg_current_snapshot()) as xid) as horizon`,
  )
  if (horizon === undefined) throw new Error('select returned no row')
  return horizon
}

/** A point in the order of the log. */
export interface LogPoint {
  xid: bigint
  seq: bigint
}

/** The changes of all tenants after one point and up to another, in order. */
export async function readChanges(
  sql: Sql,
  { after, upTo, limit }: { after: LogPoint; upTo: LogPoint; limit: number },
): Promise<ChangeRow[]> {
  return sql.query<ChangeRow>(
    `select tenant_id as "tenantId", xid, seq, kind, connection_id as "connectionId",
       user_id as "userId", provider, host, name, generation, at
     from changes
     where (xid, seq) > (($1::text)::xid8, ($2::text)::bigint)
       and (xid, seq) <= (($3::text)::xid8, ($4::text)::bigint)
     order by xid, seq
     limit $5`,
    [String(after.xid), String(after.seq), String(upTo.xid), String(upTo.seq), limit],
  )
}

/** Deletes the oldest changes of all tenants that are older than `olderThanMs`; answers how many. */
export async function deleteOldChanges(
  sql: Sql,
  { olderThanMs, limit }: { olderThanMs: number; limit: number },
): Promise<number> {
  // The oldest rows are found by the order of the log, since nothing is indexed by time.
  const deleted = await sql.query(
    `delete from changes using (
       select tenant_id, seq, at from changes order by xid, seq limit $2
     ) as oldest
     where changes.tenant_id = oldest.tenant_id and changes.seq = oldest.seq
       and oldest.at < now() - $1 * interval '1 millisecond'
     returning changes.tenant_id`,
    [olderThanMs, limit],
  )
  return deleted.length
}
