/** What was stored under another version of a provider's definition, of whichever tenant: for `everyTenant`. */
import type { Sql } from './database.ts'

/** A connection, or an integration. */
export interface DefinitionUse {
  tenantId: string
  id: string
}

export async function listConnectionsUnderOther(
  sql: Sql,
  { name, digest }: { name: string; digest: string },
): Promise<DefinitionUse[]> {
  return sql.query<DefinitionUse>(
    `select tenant_id as "tenantId", id from connections
     where provider = $1 and status <> 'disconnected' and definition_digest is distinct from $2
     order by tenant_id, id`,
    [name, digest],
  )
}

export async function listIntegrationsUnderOther(
  sql: Sql,
  { name, digest }: { name: string; digest: string },
): Promise<DefinitionUse[]> {
  return sql.query<DefinitionUse>(
    `select tenant_id as "tenantId", id from integrations
     where provider = $1 and key_version is not null and definition_digest is distinct from $2
     order by tenant_id, id`,
    [name, digest],
  )
}

export async function setConnectionDigest(
  sql: Sql,
  { tenantId, id, digest }: DefinitionUse & { digest: string },
): Promise<void> {
  await sql.query(
    'update connections set definition_digest = $3 where tenant_id = $1 and id = $2',
    [tenantId, id, digest],
  )
}

export async function setIntegrationDigest(
  sql: Sql,
  { tenantId, id, digest }: DefinitionUse & { digest: string },
): Promise<void> {
  await sql.query(
    'update integrations set definition_digest = $3 where tenant_id = $1 and id = $2',
    [tenantId, id, digest],
  )
}
