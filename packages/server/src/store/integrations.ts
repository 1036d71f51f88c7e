import type { Sql } from './database.ts'

/** Owner of what belongs to no tenant. The API refuses tenant ids that begin with `@`. */
export const installation = '@install'

export interface IntegrationRow {
  tenantId: string
  id: string
  provider: string
  host: string
  clientId: string | null
  revision: number
  sealed: Uint8Array | null
  scopes: string[]
}

const columns =
  'tenant_id as "tenantId", id, provider, host, client_id as "clientId", revision, sealed, scopes'

export async function insertIntegration(
  sql: Sql,
  row: { tenantId: string; id: string; provider: string; host: string; scopes: readonly string[] },
): Promise<void> {
  await sql.query(
    `insert into integrations (tenant_id, id, provider, host, scopes)
     values ($1, $2, $3, $4, $5)`,
    [row.tenantId, row.id, row.provider, row.host, row.scopes],
  )
}

/** Compare-and-set on the revision, which is part of what the secret is sealed to. */
export async function setIntegrationClient(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    clientId: string
    sealed: Uint8Array
    keyVersion: number
    revision: number
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update integrations
     set client_id = $3, sealed = $4, key_version = $5, revision = $6, updated_at = now()
     where tenant_id = $1 and id = $2 and revision = $6 - 1
     returning id`,
    [row.tenantId, row.id, row.clientId, row.sealed, row.keyVersion, row.revision],
  )
  return rows.length === 1
}

export async function findIntegration(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<IntegrationRow | undefined> {
  const [row] = await sql.query<IntegrationRow>(
    `select ${columns} from integrations where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

/** Those a tenant may use: its own first, then the shared ones. */
export async function listUsableIntegrations(
  sql: Sql,
  tenantId: string,
): Promise<IntegrationRow[]> {
  return sql.query<IntegrationRow>(
    `select ${columns} from integrations
     where tenant_id in ($1, '@install') and client_id is not null
     order by (tenant_id = '@install'), provider, host`,
    [tenantId],
  )
}

export async function listIntegrations(sql: Sql, tenantId: string): Promise<IntegrationRow[]> {
  return sql.query<IntegrationRow>(
    `select ${columns} from integrations where tenant_id = $1 order by id`,
    [tenantId],
  )
}
