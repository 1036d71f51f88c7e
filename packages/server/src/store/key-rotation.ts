import type { Sql } from './database.ts'
import type { TenantKeyRow } from './tenant-keys.ts'

/** What a version of a key may still do; see the states in the vault's page. */
type KeyState = TenantKeyRow['state']

export interface TenantKeyAge extends Pick<TenantKeyRow, 'version' | 'state' | 'kekId'> {
  stateSince: Date
}

/** All versions of a tenant's key, the oldest first, without the keys. */
export async function listTenantKeys(sql: Sql, tenantId: string): Promise<TenantKeyAge[]> {
  return sql.query<TenantKeyAge>(
    `select version, state, kek_id as "kekId", state_since as "stateSince" from tenant_keys
     where tenant_id = $1 order by version`,
    [tenantId],
  )
}

export interface KeyCount {
  kekId: string
  state: KeyState
  count: number
}

/** How many keys each root key wraps, by state, over all tenants. */
export async function countTenantKeys(sql: Sql): Promise<KeyCount[]> {
  return sql.query<KeyCount>(
    `select kek_id as "kekId", state, count(*)::int as count from tenant_keys
     group by kek_id, state order by kek_id, state`,
  )
}

export type WrappedKeyRow = Pick<TenantKeyRow, 'tenantId' | 'version' | 'kekId'> & {
  wrapped: Uint8Array
}

export type KeyName = Pick<TenantKeyRow, 'tenantId' | 'version'>

/** Keys that another root key wraps. */
export async function listKeysToRewrap(
  sql: Sql,
  page: { kekId: string; after: KeyName; limit: number },
): Promise<KeyName[]> {
  return sql.query<KeyName>(
    `select tenant_id as "tenantId", version from tenant_keys
     where kek_id <> $1 and state <> 'destroyed' and (tenant_id, version) > ($2, $3)
     order by tenant_id, version limit $4`,
    [page.kekId, page.after.tenantId, page.after.version, page.limit],
  )
}

/**
 * Those of a list of keys that another root key still wraps, locked until the transaction ends; what is
 * locked already is left out.
 */
export async function lockKeysToRewrap(
  sql: Sql,
  kekId: string,
  names: readonly KeyName[],
): Promise<WrappedKeyRow[]> {
  return sql.query<WrappedKeyRow>(
    `select k.tenant_id as "tenantId", k.version, k.kek_id as "kekId", k.wrapped from tenant_keys k
     join json_to_recordset(($1::text)::json) as name ("tenantId" text, version int)
       on k.tenant_id = name."tenantId" and k.version = name.version
     where k.kek_id <> $2 and k.state <> 'destroyed'
     order by k.tenant_id, k.version for update of k skip locked`,
    [JSON.stringify(names), kekId],
  )
}

/** Puts other wrappings of the same keys in place of those that were read. Answers how many. */
export async function replaceWrappings(sql: Sql, rows: readonly WrappedKeyRow[]): Promise<number> {
  const replaced = await sql.query(
    `update tenant_keys k set kek_id = row.kek_id, wrapped = decode(row.wrapped, 'base64')
     from json_to_recordset(($1::text)::json)
       as row (tenant_id text, version int, kek_id text, wrapped text)
     where k.tenant_id = row.tenant_id and k.version = row.version and k.state <> 'destroyed'
     returning k.version`,
    [
      JSON.stringify(
        rows.map(({ tenantId, version, kekId, wrapped }) => ({
          tenant_id: tenantId,
          version,
          kek_id: kekId,
          wrapped: Buffer.from(wrapped).toString('base64'),
        })),
      ),
    ],
  )
  return replaced.length
}

/** Inserts a version as the active one; the one before must have given up its place. */
export async function insertActiveTenantKey(
  sql: Sql,
  row: { tenantId: string; version: number; kekId: string; wrapped: Uint8Array },
): Promise<void> {
  await sql.query(
    `insert into tenant_keys (tenant_id, version, kek_id, wrapped, state)
     values ($1, $2, $3, $4, 'active')`,
    [row.tenantId, row.version, row.kekId, row.wrapped],
  )
}

/**
 * Takes a version from one state to another, if it has been in that for so long. A destroyed one is gone:
 * its wrapping is overwritten. False when it was not in that state, or not long enough.
 */
export async function moveTenantKey(
  sql: Sql,
  move: { tenantId: string; version: number; from: KeyState; to: KeyState; afterMs?: number },
): Promise<boolean> {
  const rows = await sql.query(
    `update tenant_keys
     set state = $4, state_since = now(),
         wrapped = case when $4 = 'destroyed' then null else wrapped end,
         destroyed_at = case when $4 = 'destroyed' then now() end
     where tenant_id = $1 and version = $2 and state = $3
       and state_since <= now() - $5 * interval '1 millisecond'
     returning version`,
    [move.tenantId, move.version, move.from, move.to, move.afterMs ?? 0],
  )
  return rows.length === 1
}

export const keysChannel = 'keywell_keys'
/** In place of a tenant: the root keys themselves. */
export const rootKeysChanged = '*'

/** Notifies every replica, at commit, that it must drop the tenant's keys, or read the root keys again. */
export async function notifyKeysChanged(sql: Sql, tenantId: string): Promise<void> {
  await sql.query(`select pg_notify('keywell_keys', $1)`, [tenantId])
}
