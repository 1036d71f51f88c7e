import type { Sql } from './database.ts'

export interface InstallKeyRow {
  version: number
  sealed: Uint8Array
  publicJwk: Record<string, unknown>
}

export async function listInstallKeys(sql: Sql, name: string): Promise<InstallKeyRow[]> {
  return sql.query<InstallKeyRow>(
    `select version, sealed, public_jwk as "publicJwk" from install_keys
     where tenant_id = '@install' and name = $1 order by version desc`,
    [name],
  )
}

/** False when another process was first. */
export async function insertInstallKey(
  sql: Sql,
  row: {
    name: string
    version: number
    keyVersion: number
    sealed: Uint8Array
    publicJwk: Record<string, unknown>
  },
): Promise<boolean> {
  const inserted = await sql.query(
    `insert into install_keys (tenant_id, name, version, key_version, sealed, public_jwk)
     values ('@install', $1, $2, $3, $4, $5::jsonb)
     on conflict do nothing
     returning version`,
    [row.name, row.version, row.keyVersion, row.sealed, JSON.stringify(row.publicJwk)],
  )
  return inserted.length === 1
}
