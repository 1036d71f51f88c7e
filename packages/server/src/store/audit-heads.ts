import type { Sql } from './database.ts'

/** The end of a chain, at a time. */
export interface HeadRow {
  tenantId: string
  position: number
  link: Uint8Array
  at: Date
}

/** Takes the ends of chains that have grown and were not signed for so long. */
export async function takeDueHeads(
  sql: Sql,
  { unsignedForMs, limit }: { unsignedForMs: number; limit: number },
): Promise<HeadRow[]> {
  return sql.query<HeadRow>(
    `with due as (
       delete from audit_heads_due where tenant_id in (
         select tenant_id from audit_heads_due
         where since <= now() - $1 * interval '1 millisecond' order by since limit $2
       )
       returning tenant_id
     )
     select due.tenant_id as "tenantId", last.position::float8 as position, last.link, now() as at
     from due
     cross join lateral (
       select position, link from audit_chain where tenant_id = due.tenant_id
       order by position desc limit 1
     ) as last`,
    [unsignedForMs, limit],
  )
}

export interface SignedHead extends HeadRow {
  token: string
}

export async function insertHeads(sql: Sql, heads: readonly SignedHead[]): Promise<void> {
  const rows = heads.map(({ tenantId, position, link, token }) => ({
    tenant_id: tenantId,
    position,
    link: Buffer.from(link).toString('base64'),
    token,
  }))
  await sql.query(
    `insert into audit_heads (tenant_id, position, link, token)
     select tenant_id, position, decode(link, 'base64'), token
     from json_to_recordset(($1::text)::json) as row (tenant_id text, position bigint, link text,
       token text)
     on conflict do nothing`,
    [JSON.stringify(rows)],
  )
}

const columns = 'tenant_id as "tenantId", position::float8 as position, link, at, token'

/** Signed ends of a chain after a position, in order. */
export async function listHeads(
  sql: Sql,
  { tenantId, after, limit }: { tenantId: string; after: number; limit: number },
): Promise<SignedHead[]> {
  return sql.query<SignedHead>(
    `select ${columns} from audit_heads where tenant_id = $1 and position > $2
     order by position limit $3`,
    [tenantId, after, limit],
  )
}

export async function findNewestHead(sql: Sql, tenantId: string): Promise<SignedHead | undefined> {
  const [head] = await sql.query<SignedHead>(
    `select ${columns} from audit_heads where tenant_id = $1 order by position desc limit 1`,
    [tenantId],
  )
  return head
}
