import type { Sql } from './database.ts'

/** The next tenant after another whose chain still has links. */
export async function findNextChain(sql: Sql, after: string): Promise<string | undefined> {
  const [next] = await sql.query<{ tenantId: string | null }>(
    'select min(tenant_id) as "tenantId" from audit_links where tenant_id > $1',
    [after],
  )
  return next?.tenantId ?? undefined
}

export interface OldLink {
  position: number
  link: Uint8Array
}

/**
 * The last of the oldest links of a chain that are all older than told; undefined: there is none. A
 * chain is cut at one place, so an entry stays as long as one before it does.
 */
export async function findLastOldLink(
  sql: Sql,
  { tenantId, olderThanMs, limit }: { tenantId: string; olderThanMs: number; limit: number },
): Promise<OldLink | undefined> {
  const [last] = await sql.query<OldLink>(
    `with oldest as materialized (
       select position, link, at < now() - $2 * interval '1 millisecond' as old
       from audit_links where tenant_id = $1 order by position limit $3
     )
     select position::float8 as position, link from oldest
     where position < coalesce((select min(position) from oldest where not old), position + 1)
     order by position desc limit 1`,
    [tenantId, olderThanMs, limit],
  )
  return last
}

/**
 * Removes a chain up to a position, and keeps the link that the next one follows. Only inside of a
 * transaction that has the lock of the chains. Answers how many entries went.
 */
export async function cutChain(
  sql: Sql,
  cut: {
    tenantId: string
    position: number
    link: Uint8Array
    macVersion: number
    mac: Uint8Array
  },
): Promise<number> {
  const { tenantId, position } = cut
  await sql.query("select set_config('app.audit_retention', 'on', true)")
  await sql.query('delete from audit_cuts where tenant_id = $1', [tenantId])
  await sql.query(
    `insert into audit_cuts (tenant_id, position, link, mac_version, mac)
     values ($1, $2, $3, $4, $5)`,
    [tenantId, position, cut.link, cut.macVersion, cut.mac],
  )
  await sql.query('delete from audit_heads where tenant_id = $1 and position <= $2', [
    tenantId,
    position,
  ])
  await sql.query(
    `delete from audit where tenant_id = $1 and id in (
       select entry_id from audit_links where tenant_id = $1 and position <= $2
     )`,
    [tenantId, position],
  )
  const links = await sql.query(
    'delete from audit_links where tenant_id = $1 and position <= $2 returning position',
    [tenantId, position],
  )
  await sql.query("select set_config('app.audit_retention', '', true)")
  return links.length
}
