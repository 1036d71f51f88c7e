import type { Sql } from './database.ts'

export interface ApiKeyRow {
  id: string
  name: string
  createdAt: Date
  lastUsedAt: Date | null
  revokedAt: Date | null
}

export async function insertApiKey(
  sql: Sql,
  row: { id: string; name: string; mac: Uint8Array },
): Promise<void> {
  await sql.query(
    `insert into api_keys (tenant_id, id, name, mac) values ('@install', $1, $2, $3)`,
    [row.id, row.name, row.mac],
  )
}

export async function findLiveApiKey(
  sql: Sql,
  mac: Uint8Array,
): Promise<{ id: string } | undefined> {
  const [row] = await sql.query<{ id: string }>(
    `select id from api_keys where tenant_id = '@install' and mac = $1 and revoked_at is null`,
    [mac],
  )
  return row
}

export async function listApiKeys(sql: Sql): Promise<ApiKeyRow[]> {
  return sql.query<ApiKeyRow>(
    `select id, name, created_at as "createdAt", last_used_at as "lastUsedAt",
            revoked_at as "revokedAt"
     from api_keys where tenant_id = '@install' order by id`,
  )
}

export async function revokeApiKey(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql.query(
    `update api_keys set revoked_at = now()
     where tenant_id = '@install' and id = $1 and revoked_at is null returning id`,
    [id],
  )
  return rows.length === 1
}

/** Written at most once a minute for a key, off the path of the read. */
export async function touchApiKey(sql: Sql, id: string): Promise<void> {
  await sql.query(
    `update api_keys set last_used_at = now()
     where tenant_id = '@install' and id = $1
       and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [id],
  )
}
