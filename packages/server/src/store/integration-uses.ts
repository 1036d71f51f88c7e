/** What needs an integration, of whichever tenant: for `everyTenant`, but for the list of one tenant's connections. */
import type { ConnectionRow } from './connections.ts'
import type { Sql } from './database.ts'

export interface IntegrationKey {
  integrationOwner: string
  integrationId: string
}

export interface IntegrationUses {
  connections: number
  /** Grants that wait to be withdrawn. */
  grants: number
}

export async function countIntegrationUses(
  sql: Sql,
  { integrationOwner, integrationId }: IntegrationKey,
): Promise<IntegrationUses> {
  const [row] = await sql.query<IntegrationUses>(
    `select
       (select count(*) from connections
        where integration_owner = $1 and integration_id = $2 and status <> 'disconnected')::int
         as connections,
       (select count(*) from revocations
        where integration_owner = $1 and integration_id = $2 and state = 'due')::int as grants`,
    [integrationOwner, integrationId],
  )
  if (row === undefined) throw new TypeError('a select without a table has one row')
  return row
}

/** Tenants with connections by it, or grants of it to withdraw. */
export async function listTenantsOfIntegration(
  sql: Sql,
  { integrationOwner, integrationId }: IntegrationKey,
  limit: number,
): Promise<string[]> {
  const rows = await sql.query<{ tenantId: string }>(
    `select tenant_id as "tenantId" from (
       select tenant_id from connections
       where integration_owner = $1 and integration_id = $2 and status <> 'disconnected'
       union
       select tenant_id from revocations
       where integration_owner = $1 and integration_id = $2 and state = 'due'
     ) as using_it
     limit $3`,
    [integrationOwner, integrationId, limit],
  )
  return rows.map(({ tenantId }) => tenantId)
}

/** Its grants are left to be withdrawn by hand. */
export async function giveUpRevocationsOf(
  sql: Sql,
  { integrationOwner, integrationId }: IntegrationKey,
): Promise<void> {
  await sql.query(
    `update revocations set state = 'irrevocable'
     where integration_owner = $1 and integration_id = $2 and state = 'due'`,
    [integrationOwner, integrationId],
  )
}

/** Ids of a tenant's connections by it. */
export async function listConnectionsOfIntegration(
  sql: Sql,
  {
    tenantId,
    integrationOwner,
    integrationId,
    limit,
  }: IntegrationKey & { tenantId: string; limit: number },
): Promise<Pick<ConnectionRow, 'id'>[]> {
  return sql.query(
    `select id from connections
     where tenant_id = $1 and integration_owner = $2 and integration_id = $3
       and status <> 'disconnected'
     order by id limit $4`,
    [tenantId, integrationOwner, integrationId, limit],
  )
}
