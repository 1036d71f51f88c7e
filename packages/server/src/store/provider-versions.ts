/** Versions of definitions, each of an owner: a tenant, or the installation. */
import type { Sql } from './database.ts'

/** Names the definition of a provider. */
export interface DefinitionKey {
  owner: string
  name: string
}

export interface DefinitionVersion extends DefinitionKey {
  version: number
  /** SHA-256 of the definition, in hexadecimal. */
  digest: string
  /** JSON, as it was written. */
  definition: string
  actor: string
  mac: Uint8Array
  pepperVersion: number
  createdAt: Date
}

const columns = `tenant_id as owner, name, version, digest, definition, actor, mac,
  pepper_version as "pepperVersion", created_at as "createdAt"`

/** Tenants, and perhaps the installation, that have a definition in force. For `everyTenant`. */
export async function listDefinitionOwners(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ owner: string }>(
    'select distinct tenant_id as owner from provider_versions where in_force order by 1',
  )
  return rows.map(({ owner }) => owner)
}

/** What is in force of some owners, by name. */
export async function listDefinitionsInForce(
  sql: Sql,
  owners: readonly string[],
): Promise<DefinitionVersion[]> {
  return sql.query<DefinitionVersion>(
    `select ${columns} from provider_versions
     where tenant_id = any ($1::text[]) and in_force order by tenant_id, name`,
    [owners],
  )
}

export async function findDefinitionInForce(
  sql: Sql,
  { owner, name }: DefinitionKey,
): Promise<DefinitionVersion | undefined> {
  const [row] = await sql.query<DefinitionVersion>(
    `select ${columns} from provider_versions where tenant_id = $1 and name = $2 and in_force`,
    [owner, name],
  )
  return row
}

export async function countDefinitionsInForce(sql: Sql, owner: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    'select count(*)::int as count from provider_versions where tenant_id = $1 and in_force',
    [owner],
  )
  return row?.count ?? 0
}

/**
 * The next version of a definition, which is in force from the commit on.
 *
 * @throws UniqueViolation when another one came first
 */
export async function insertDefinition(
  sql: Sql,
  row: Omit<DefinitionVersion, 'version' | 'createdAt'>,
): Promise<DefinitionVersion> {
  const [inserted] = await sql.query<DefinitionVersion>(
    `insert into provider_versions
       (tenant_id, name, version, digest, definition, source, in_force, actor, mac, pepper_version)
     select $1, $2, coalesce(max(version), 0) + 1, $3, $4, 'api', true, $5, $6, $7
     from provider_versions where tenant_id = $1 and name = $2
     returning ${columns}`,
    [row.owner, row.name, row.digest, row.definition, row.actor, row.mac, row.pepperVersion],
  )
  if (inserted === undefined) throw new Error('insert returned no row')
  return inserted
}

/** Takes a version out of force. False: it is not the one that is in force. */
export async function retireDefinition(
  sql: Sql,
  { owner, name, version }: DefinitionKey & { version: number },
): Promise<boolean> {
  const retired = await sql.query(
    `update provider_versions set in_force = false
     where tenant_id = $1 and name = $2 and version = $3 and in_force returning version`,
    [owner, name, version],
  )
  return retired.length === 1
}

/** All that there is of a tenant. Returns how many there were. */
export async function deleteDefinitionsOf(sql: Sql, tenantId: string): Promise<number> {
  const gone = await sql.query(
    'delete from provider_versions where tenant_id = $1 returning version',
    [tenantId],
  )
  return gone.length
}

/** Owners of versions whose MAC is under another version of the pepper. For `everyTenant`. */
export async function listOwnersUnderOtherPepper(
  sql: Sql,
  pepperVersion: number,
): Promise<string[]> {
  const rows = await sql.query<{ owner: string }>(
    'select distinct tenant_id as owner from provider_versions where pepper_version <> $1',
    [pepperVersion],
  )
  return rows.map(({ owner }) => owner)
}

export async function listVersionsUnderOtherPepper(
  sql: Sql,
  owner: string,
  pepperVersion: number,
): Promise<DefinitionVersion[]> {
  return sql.query<DefinitionVersion>(
    `select ${columns} from provider_versions where tenant_id = $1 and pepper_version <> $2`,
    [owner, pepperVersion],
  )
}

export async function setDefinitionMac(
  sql: Sql,
  { owner, name, version, mac, pepperVersion }: Omit<DefinitionVersion, 'createdAt'>,
): Promise<void> {
  await sql.query(
    `update provider_versions set mac = $4, pepper_version = $5
     where tenant_id = $1 and name = $2 and version = $3`,
    [owner, name, version, mac, pepperVersion],
  )
}

/** The first version with that digest. */
export async function findVersion(
  sql: Sql,
  { owner, name, digest }: DefinitionKey & { digest: string },
): Promise<DefinitionVersion | undefined> {
  const [row] = await sql.query<DefinitionVersion>(
    `select ${columns} from provider_versions
     where tenant_id = $1 and name = $2 and digest = $3 order by version limit 1`,
    [owner, name, digest],
  )
  return row
}

/**
 * A definition that is in force elsewhere, unless it is there. Of two processes that write different ones at once, one
 * writes none: it does so at its next start, or the next change.
 */
export async function insertGivenDefinition(
  sql: Sql,
  row: Omit<DefinitionVersion, 'version' | 'createdAt'>,
): Promise<void> {
  await sql.query(
    `insert into provider_versions
       (tenant_id, name, version, digest, definition, source, in_force, actor, mac, pepper_version)
     select $1, $2, coalesce(max(version), 0) + 1, $3, $4, 'given', false, $5, $6, $7
     from provider_versions where tenant_id = $1 and name = $2
     having not coalesce(bool_or(digest = $3), false)
     on conflict do nothing`,
    [row.owner, row.name, row.digest, row.definition, row.actor, row.mac, row.pepperVersion],
  )
}
