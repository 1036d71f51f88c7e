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
    | 'method'
    | 'host'
    | 'integrationId'
    | 'status'
    | 'reason'
    | 'account'
    | 'grantedScopes'
    | 'renewable'
  > {
  /** The version of the definition that it was stored under; null: it is not known. */
  definitionDigest: string | null
  type: CredentialType | null
  /** Its refresh token has rotated, although its provider's definition knows of no rotation. */
  rotates: boolean
  generation: number
  sealed: Uint8Array | null
  expiresAt: Date | null
  expiresInMs: number | null
  refreshDue: boolean
  /** What the tenant may do, as it is stored; null: everything. */
  policy: unknown
}

const columns = `c.tenant_id as "tenantId", c.id, c.user_id as "userId", c.provider, c.method, c.host,
  c.integration_id as "integrationId", c.status, c.reason, c.account,
  c.granted_scopes as "grantedScopes", c.renewable, c.definition_digest as "definitionDigest", k.type, coalesce(k.rotates, false) as rotates, coalesce(k.generation, c.generation) as generation,
  k.sealed, k.expires_at as "expiresAt", p.policy,
  (extract(epoch from k.expires_at - now()) * 1000)::float8 as "expiresInMs"`

const tables = `connections c
  left join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id
  left join tenant_policies p on p.tenant_id = c.tenant_id`

const refreshDue = `coalesce((
    select u.refresh_at <= now() from refresh_schedule u where u.tenant_id = c.tenant_id and u.connection_id = c.id
  ), false)`

/** Which credential a reader asks for. */
export interface CredentialKey {
  tenantId: string
  userId: string
  provider: string
  name: string
  /** Null: whichever there is. */
  host: string | null
  /** Whether a refresh is due is looked up only if it is asked; else it reads as false. */
  askDue: boolean
}

/** With the first line of an erasure nothing of the tenant is served, whatever rows there are. */
const isOfTheLiving = 'not exists (select from tenant_erasures e where e.tenant_id = c.tenant_id)'

/**
 * Looks many keys up in one statement, each by its own index look-up, and answers them in their order.
 * Usually one row each; more where a user has the provider on several hosts and none was named.
 */
export async function findCredentials(
  sql: Sql,
  keys: readonly CredentialKey[],
): Promise<CredentialReadRow[][]> {
  const rows = await sql.query<CredentialReadRow & { asked: number }>(
    `select key.asked, ${columns}, key."askDue" and ${refreshDue} as "refreshDue"
     from json_to_recordset(($1::text)::json) as key (asked int, "tenantId" text, "userId" text,
       provider text, name text, host text, "askDue" boolean)
     join connections c
       on c.tenant_id = key."tenantId" and c.user_id = key."userId" and c.provider = key.provider
         and c.name = key.name and c.status <> 'disconnected'
         and (key.host is null or c.host = key.host)
     left join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id
     left join tenant_policies p on p.tenant_id = c.tenant_id
     where ${isOfTheLiving}`,
    [JSON.stringify(keys.map((key, asked) => ({ ...key, asked })))],
  )
  const answers: CredentialReadRow[][] = keys.map(() => [])
  for (const { asked, ...row } of rows) answers[asked]?.push(row)
  return answers
}

export async function findCredential(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<CredentialReadRow | undefined> {
  const [row] = await sql.query<CredentialReadRow>(
    `select ${columns}, ${refreshDue} as "refreshDue" from ${tables}
     where c.tenant_id = $1 and c.id = $2 and ${isOfTheLiving}`,
    [tenantId, connectionId],
  )
  return row
}

/** What work on a connection needs to know of it. */
export interface KeptCredentialRow extends CredentialReadRow {
  integrationOwner: string
  /** How long ago its user consented. */
  grantedForMs: number
  /** Milliseconds until its refresh token ends; null: no end is known. */
  refreshExpiresInMs: number | null
  committedBy: string | null
  /** The generation of the user's last consent; null: there is no schedule any more. */
  connectedGeneration: number | null
  healthReason: string | null
  /** Milliseconds since the provider was asked for the account's name and picture. */
  accountCheckedAgoMs: number
}

export async function findKeptCredential(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<KeptCredentialRow | undefined> {
  const [row] = await sql.query<KeptCredentialRow>(
    `select ${columns}, ${refreshDue} as "refreshDue", c.integration_owner as "integrationOwner",
            c.health_reason as "healthReason",
            (extract(epoch from now() - c.account_checked_at) * 1000)::float8 as "accountCheckedAgoMs",
            coalesce(extract(epoch from now() - k.granted_at) * 1000, 0)::float8 as "grantedForMs",
            (extract(epoch from k.refresh_expires_at - now()) * 1000)::float8 as "refreshExpiresInMs",
            k.committed_by as "committedBy", (
              select u.connected_generation from refresh_schedule u
              where u.tenant_id = c.tenant_id and u.connection_id = c.id
            ) as "connectedGeneration"
     from ${tables} where c.tenant_id = $1 and c.id = $2`,
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
  /** The same of the refresh token; null: no end is known. */
  tokenEndsInMs: number | null
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
  row.tokenEndsInMs,
]

export async function insertCredential(sql: Sql, row: SealedCredential): Promise<void> {
  await sql.query(
    `insert into credentials (tenant_id, connection_id, type, generation, key_version, sealed,
       issued_at, expires_at, committed_by, granted_at, refresh_expires_at)
     values ($1, $2, $3, $4, $5, $6, now(), now() + $7 * interval '1 millisecond', $8::uuid,
       now(), now() + $9 * interval '1 millisecond')`,
    values(row),
  )
}

/** Compare-and-set: replaces generation g by g+1 and nothing else. False when g is gone. */
export async function replaceCredential(
  sql: Sql,
  row: SealedCredential & { rotates: boolean },
): Promise<boolean> {
  const rows = await sql.query(
    `update credentials
     set type = $3, generation = $4, key_version = $5, sealed = $6, issued_at = now(),
         expires_at = now() + $7 * interval '1 millisecond', committed_by = $8::uuid,
         refresh_expires_at = now() + $9 * interval '1 millisecond', rotates = $10
     where tenant_id = $1 and connection_id = $2 and generation = $4 - 1
     returning generation`,
    [...values(row), row.rotates],
  )
  return rows.length === 1
}

/**
 * Locks a connection's credential until the end of the transaction, for a caller that moves it elsewhere:
 * what is moved is what is deleted. Connecting again puts a new row in the place of the old one, and a
 * statement that waited for the old row does not see the new one: so it looks again.
 */
export async function holdCredential(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<void> {
  const key = [tenantId, connectionId]
  let isMissed: boolean
  do {
    const held = await sql.query(
      'select generation from credentials where tenant_id = $1 and connection_id = $2 for update',
      key,
    )
    const seen = await sql.query(
      'select generation from credentials where tenant_id = $1 and connection_id = $2',
      key,
    )
    isMissed = held.length === 0 && seen.length > 0
  } while (isMissed)
}

/** False when there was none. */
export async function deleteCredential(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<boolean> {
  const rows = await sql.query(
    'delete from credentials where tenant_id = $1 and connection_id = $2 returning tenant_id',
    [tenantId, connectionId],
  )
  return rows.length === 1
}
