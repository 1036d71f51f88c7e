import type { Sql } from './database.ts'

export interface TenantKeyRow {
  tenantId: string
  version: number
  kekId: string
  wrapped: Uint8Array | null
  state: 'active' | 'decrypt_only' | 'disabled' | 'destroyed'
}

/** A row that was put back after its tenant was erased is destroyed, whatever it says. */
const columns = `k.tenant_id as "tenantId", k.version, k.kek_id as "kekId",
  case when e.tenant_id is null then k.wrapped end as wrapped,
  case when e.tenant_id is null then k.state else 'destroyed' end as state`

const tables = `tenant_keys k
  left join tenant_erasures e on e.tenant_id = k.tenant_id and e.erased_at is not null`

export async function findTenantKey(
  sql: Sql,
  tenantId: string,
  version: number | 'active',
): Promise<TenantKeyRow | undefined> {
  const [row] =
    version === 'active'
      ? await sql.query<TenantKeyRow>(
          `select ${columns} from ${tables}
           where k.tenant_id = $1 and k.state = 'active' and e.tenant_id is null`,
          [tenantId],
        )
      : await sql.query<TenantKeyRow>(
          `select ${columns} from ${tables} where k.tenant_id = $1 and k.version = $2`,
          [tenantId, version],
        )
  return row
}

/** False when another process made the tenant's first key in the meantime. */
export async function insertFirstTenantKey(
  sql: Sql,
  row: { tenantId: string; version: number; kekId: string; wrapped: Uint8Array },
): Promise<boolean> {
  const inserted = await sql.query(
    `insert into tenant_keys (tenant_id, version, kek_id, wrapped, state)
     values ($1, $2, $3, $4, 'active')
     on conflict do nothing
     returning version`,
    [row.tenantId, row.version, row.kekId, row.wrapped],
  )
  return inserted.length === 1
}

/** Root keys that something is still wrapped by, over all tenants. */
export async function listKekIds(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ kekId: string }>(
    `select distinct kek_id as "kekId" from tenant_keys
     where tenant_id is not null and state <> 'destroyed'`,
  )
  return rows.map((row) => row.kekId)
}

/** The version that each tenant seals with. */
export async function listActiveVersions(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql.query<{ tenantId: string; version: number }>(
    `select tenant_id as "tenantId", version from tenant_keys where state = 'active'`,
  )
  return new Map(rows.map(({ tenantId, version }) => [tenantId, version]))
}

/** Whether anything was ever sealed here. If so, a missing key means a wrong key store, not a new database. */
export async function hasSealedRecords(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ found: boolean }>(
    `select exists (select from credentials where tenant_id is not null)
         or exists (select from integrations where tenant_id is not null and key_version is not null)
         or exists (select from install_keys where tenant_id = '@install')
         or exists (select from api_keys where tenant_id = '@install')
         or exists (select from webhook_endpoints where tenant_id is not null)
         or exists (select from approvals where tenant_id is not null)
         or exists (select from idempotent_tool_calls where tenant_id is not null)
         or exists (select from revocations where tenant_id is not null)
         or exists (select from orphans where tenant_id is not null)
         or exists (select from flows where tenant_id is not null and key_version is not null)
         as found`,
  )
  return row?.found ?? false
}
