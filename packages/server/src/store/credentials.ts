import type { CredentialType } from '@keywell/protocol'
import type { ConnectionRow } from './connections.ts'
import type { Sql } from './database.ts'

/** One read: the connection, its sealed credential if there is one, and what is left of its life. */
export interface CredentialReadRow
  extends Pick<
    ConnectionRow,
    | 'tenantId'
    | 'id'
    | 'userId'
    | 'provider'
    | 'host'
    | 'integrationId'
    | 'status'
    | 'reason'
    | 'account'
    | 'grantedScopes'
  > {
  type: CredentialType | null
  generation: number
  sealed: Uint8Array | null
  expiresAt: Date | null
  expiresInMs: number | null
  refreshDue: boolean
}

const columns = `c.tenant_id as "tenantId", c.id, c.user_id as "userId", c.provider, c.host,
  c.integration_id as "integrationId", c.status, c.reason, c.account,
  c.granted_scopes as "grantedScopes", k.type, coalesce(k.generation, c.generation) as generation,
  k.sealed, k.expires_at as "expiresAt",
  (extract(epoch from k.expires_at - now()) * 1000)::float8 as "expiresInMs"`

const tables = `connections c
  left join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id`

const refreshDue = `coalesce((
    select u.refresh_at <= now() from upkeep u where u.tenant_id = c.tenant_id and u.connection_id = c.id
  ), false)`

/**
 * Usually one row; more where a user has the provider on several hosts and none was named. Whether a
 * refresh is due is looked up only if it is asked; else it reads as false.
 */
export async function findCredentials(
  sql: Sql,
  key: {
    tenantId: string
    userId: string
    provider: string
    name: string
    host: string | null
    askDue: boolean
  },
): Promise<CredentialReadRow[]> {
  return sql.query<CredentialReadRow>(
    `select ${columns}, $6::boolean and ${refreshDue} as "refreshDue" from ${tables}
     where c.tenant_id = $1 and c.user_id = $2 and c.provider = $3 and c.name = $4
       and ($5::text is null or c.host = $5) and c.status <> 'disconnected'
     limit 10`,
    [key.tenantId, key.userId, key.provider, key.name, key.host, key.askDue],
  )
}

export async function findCredential(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<CredentialReadRow | undefined> {
  const [row] = await sql.query<CredentialReadRow>(
    `select ${columns}, ${refreshDue} as "refreshDue" from ${tables}
     where c.tenant_id = $1 and c.id = $2`,
    [tenantId, connectionId],
  )
  return row
}

export interface SealedCredential {
  tenantId: string
  connectionId: string
  type: CredentialType
  generation: number
  keyVersion: number
  sealed: Uint8Array
  /** Milliseconds from now until the access token ends; null: it does not. */
  lifeMs: number | null
  committedBy: string
}

const values = (row: SealedCredential) => [
  row.tenantId,
  row.connectionId,
  row.type,
  row.generation,
  row.keyVersion,
  row.sealed,
  row.lifeMs,
  row.committedBy,
]

export async function insertCredential(sql: Sql, row: SealedCredential): Promise<void> {
  await sql.query(
    `insert into credentials (tenant_id, connection_id, type, generation, key_version, sealed,
       issued_at, expires_at, committed_by)
     values ($1, $2, $3, $4, $5, $6, now(), now() + $7 * interval '1 millisecond', $8::uuid)`,
    values(row),
  )
}

/** Compare-and-set: replaces generation g by g+1 and nothing else. False when g is gone. */
export async function replaceCredential(sql: Sql, row: SealedCredential): Promise<boolean> {
  const rows = await sql.query(
    `update credentials
     set type = $3, generation = $4, key_version = $5, sealed = $6, issued_at = now(),
         expires_at = now() + $7 * interval '1 millisecond', committed_by = $8::uuid
     where tenant_id = $1 and connection_id = $2 and generation = $4 - 1
     returning generation`,
    values(row),
  )
  return rows.length === 1
}

export async function deleteCredential(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<void> {
  await sql.query('delete from credentials where tenant_id = $1 and connection_id = $2', [
    tenantId,
    connectionId,
  ])
}
