import type { Sql } from './database.ts'

/** The next tenant after another whose chain has links that are older than `olderThanMs`. */
export async function findNextOldChain(
  sql: Sql,
  { after, olderThanMs }: { after: string; olderThanMs: number },
): Promise<string | undefined> {
  const [next] = await sql.query<{ tenantId: string | null }>(
    `select min(tenant_id) as "tenantId" from audit_chain
     where tenant_id > $1 and at < now() - $2 * interval '1 millisecond'`,
    [after, olderThanMs],
  )
  return next?.tenantId ?? undefined
}

export interface OldLink {
  position: number
  link: Uint8Array
  /** The chain was cut there, or behind it. */
  isCut: boolean
}

/**
 * The last of the oldest links of a chain that are all older than `olderThanMs`; undefined: there is none. A
 * chain is cut at one place, so an entry stays as long as one before it does.
 */
export async function findLastOldLink(
  sql: Sql,
  { tenantId, olderThanMs, limit }: { tenantId: string; olderThanMs: number; limit: number },
): Promise<OldLink | undefined> {
  const [last] = await sql.query<OldLink>(
    `with oldest as materialized (
       select position, link, at < now() - $2 * interval '1 millisecond' as old
       from audit_chain where tenant_id = $1 order by position limit $3
     )
     select position::float8 as position, link, exists (
         select from audit_cuts cut where cut.tenant_id = $1 and cut.position >= oldest.position
       ) as "isCut"
     from oldest
     where position < coalesce((select min(position) from oldest where not old), position + 1)
     order by position desc limit 1`,
    [tenantId, olderThanMs, limit],
  )
  return last
}

export interface NewCut {
  tenantId: string
  position: number
  link: Uint8Array
  macVersion: number
  mac: Uint8Array
}

/**
 * Cuts chains behind these positions: keeps the link that the next one follows, and removes the heads
 * before it. A chain was cut nowhere behind that. Only inside of a transaction that has the lock of the
 * chains.
 */
export async function cutChains(sql: Sql, cuts: readonly NewCut[]): Promise<void> {
  const tenantIds = cuts.map(({ tenantId }) => tenantId)
  const rows = JSON.stringify(
    cuts.map(({ tenantId, position, link, macVersion, mac }) => ({
      tenant_id: tenantId,
      position,
      link: Buffer.from(link).toString('base64'),
      mac_version: macVersion,
      mac: Buffer.from(mac).toString('base64'),
    })),
  )
  await asRetention(sql, async () => {
    await sql.query('delete from audit_cuts where tenant_id = any ($1::text[])', [tenantIds])
    await sql.query(
      `insert into audit_cuts (tenant_id, position, link, mac_version, mac)
       select tenant_id, position, decode(link, 'base64'), mac_version, decode(mac, 'base64')
       from json_to_recordset(($1::text)::json) as row (tenant_id text, position bigint, link text,
         mac_version int, mac text)`,
      [rows],
    )
    await sql.query(
      `delete from audit_heads using json_to_recordset(($2::text)::json)
         as row (tenant_id text, position bigint)
       where audit_heads.tenant_id = any ($1::text[]) and audit_heads.tenant_id = row.tenant_id
         and audit_heads.position <= row.position`,
      [tenantIds, rows],
    )
  })
}

/** Removes the links of a chain up to a position, with their entries; answers how many. */
export async function deleteLinks(
  sql: Sql,
  { tenantId, upTo }: { tenantId: string; upTo: number },
): Promise<number> {
  return asRetention(sql, async () => {
    const links = await sql.query(
      'delete from audit_chain where tenant_id = $1 and position <= $2 returning position',
      [tenantId, upTo],
    )
    return links.length
  })
}

/** The triggers of the log let nothing go unless it is said that this is retention. */
async function asRetention<Result>(sql: Sql, work: () => Promise<Result>): Promise<Result> {
  await sql.query("select set_config('app.audit_retention', 'on', true)")
  const result = await work()
  await sql.query("select set_config('app.audit_retention', '', true)")
  return result
}
