import type { ApiKeyRole } from '@keywell/protocol'
import type { Sql } from './database.ts'

/** Replicas listen here for the notification that an API key was changed. */
export const apiKeysChannel = 'keywell_api_keys'

/** Notifies every replica, when the transaction commits, that its cached API keys may be out of date. */
export async function notifyApiKeysChanged(sql: Sql): Promise<void> {
  await sql.query(`select pg_notify($1, '')`, [apiKeysChannel])
}

/** What a key may do. */
export interface ApiKeyGrants {
  roles: readonly ApiKeyRole[]
  /** Null: all of them. */
  tenants: readonly string[] | null
  providers: readonly string[] | null
  /** That connect sessions may name. */
  origins: readonly string[] | null
  expiresAt: Date | null
}

export interface ApiKeyRow extends ApiKeyGrants {
  id: string
  name: string
  /** Of the key itself. */
  mac: Uint8Array
  /** Of all that the key may do. */
  grantsMac: Uint8Array
  /** Of the installation's key, on which the pepper of both MACs hangs. */
  pepperVersion: number
  createdAt: Date
  lastUsedAt: Date | null
  revokedAt: Date | null
  replacedBy: string | null
  /** Neither revoked nor at its end, by the clock of the database. */
  live: boolean
}

const columns = `id, name, mac, grants_mac as "grantsMac", pepper_version as "pepperVersion",
  roles, tenants, providers, origins, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt",
  revoked_at as "revokedAt", replaced_by as "replacedBy",
  revoked_at is null and (expires_at is null or expires_at > now()) as live`

export async function insertApiKey(
  sql: Sql,
  row: ApiKeyGrants &
    Pick<ApiKeyRow, 'id' | 'name' | 'mac' | 'grantsMac' | 'pepperVersion' | 'createdAt'>,
): Promise<ApiKeyRow | undefined> {
  const [inserted] = await sql.query<ApiKeyRow>(
    `insert into api_keys (tenant_id, id, name, mac, grants_mac, roles, tenants, providers,
       expires_at, created_at, pepper_version, origins)
     values ('@install', $1, $2, $3, $4, $5::text[], $6::text[], $7::text[], $8, $9, $10, $11::text[])
     returning ${columns}`,
    [
      row.id,
      row.name,
      row.mac,
      row.grantsMac,
      row.roles,
      row.tenants,
      row.providers,
      row.expiresAt,
      row.createdAt,
      row.pepperVersion,
      row.origins,
    ],
  )
  return inserted
}

export async function findApiKey(sql: Sql, id: string): Promise<ApiKeyRow | undefined> {
  const [row] = await sql.query<ApiKeyRow>(
    `select ${columns} from api_keys where tenant_id = '@install' and id = $1`,
    [id],
  )
  return row
}

/** Those of a list that there are, whatever their state. */
export async function findApiKeys(sql: Sql, ids: readonly string[]): Promise<ApiKeyRow[]> {
  return sql.query<ApiKeyRow>(
    `select ${columns} from api_keys where tenant_id = '@install' and id = any($1::text[])`,
    [ids],
  )
}

/** Locks one of them until the transaction ends. */
export async function lockApiKey(sql: Sql, id: string): Promise<ApiKeyRow | undefined> {
  const [row] = await sql.query<ApiKeyRow>(
    `select ${columns} from api_keys where tenant_id = '@install' and id = $1 for update`,
    [id],
  )
  return row
}

export async function listApiKeys(sql: Sql): Promise<ApiKeyRow[]> {
  return sql.query<ApiKeyRow>(
    `select ${columns} from api_keys where tenant_id = '@install' order by id`,
  )
}

/** Its MAC is overwritten, so that clearing a column does not bring it back. */
export async function revokeApiKey(sql: Sql, id: string): Promise<ApiKeyRow | undefined> {
  const [row] = await sql.query<ApiKeyRow>(
    `update api_keys set revoked_at = now(), mac = convert_to(id, 'UTF8')
     where tenant_id = '@install' and id = $1 and revoked_at is null returning ${columns}`,
    [id],
  )
  return row
}

/** Gives a key an end, and the name of its successor. */
export async function replaceApiKey(
  sql: Sql,
  row: { id: string; replacedBy: string; expiresAt: Date; grantsMac: Uint8Array },
): Promise<void> {
  await sql.query(
    `update api_keys set replaced_by = $2, expires_at = $3, grants_mac = $4
     where tenant_id = '@install' and id = $1`,
    [row.id, row.replacedBy, row.expiresAt, row.grantsMac],
  )
}

/** Other MACs under another pepper, if the row is still as it was read. */
export async function renewApiKey(
  sql: Sql,
  row: ApiKeyRow,
  next: Pick<ApiKeyRow, 'mac' | 'grantsMac' | 'pepperVersion'>,
): Promise<void> {
  await sql.query(
    `update api_keys set mac = $5, grants_mac = $6, pepper_version = $7
     where tenant_id = '@install' and id = $1 and pepper_version = $2 and mac = $3
       and grants_mac = $4`,
    [
      row.id,
      row.pepperVersion,
      row.mac,
      row.grantsMac,
      next.mac,
      next.grantsMac,
      next.pepperVersion,
    ],
  )
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
