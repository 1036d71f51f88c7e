import type { CredentialType } from '@keywell/protocol'
import type { Sql } from './database.ts'

/** Credentials that a provider may be asked to withdraw. */
export type WithdrawnType = Extract<CredentialType, 'oauth_token' | 'api_key'>

export interface RevocationRow {
  tenantId: string
  connectionId: string
  /** The one that brought the pair. */
  attemptId: string
  generation: number
  userId: string
  provider: string
  method: string
  host: string
  integrationOwner: string
  integrationId: string
  type: WithdrawnType
  /** What a withdrawal ends, if others may need it; see `AccountUses`. Null: not known. */
  accountMac: Uint8Array | null
  /** The version of the definition that it was stored under; null: it is not known. */
  definitionDigest: string | null
  sealed: Uint8Array
  attempts: number
}

const columns = `tenant_id as "tenantId", connection_id as "connectionId",
  attempt_id as "attemptId", generation, user_id as "userId", provider, method, host,
  integration_owner as "integrationOwner",
  integration_id as "integrationId", type, account_mac as "accountMac",
  definition_digest as "definitionDigest", sealed, attempts`

/**
 * Moves a connection's sealed credential, unchanged, to where it waits to be withdrawn at the provider.
 * Undefined when there was none, or none of `methods`: those are what the provider withdraws.
 * `claimed`: the caller makes the first attempt, and no other is made for a minute.
 */
export async function moveToRevocations(
  sql: Sql,
  {
    tenantId,
    connectionId,
    methods,
    claimed,
  }: {
    tenantId: string
    connectionId: string
    methods: readonly string[]
    claimed: boolean
  },
): Promise<RevocationRow | undefined> {
  const [row] = await sql.query<RevocationRow>(
    `insert into revocations (tenant_id, connection_id, attempt_id, generation, user_id, provider,
       method, host, integration_owner, integration_id, type, account_mac, key_version, sealed, attempts,
       due_at, definition_digest)
     select k.tenant_id, k.connection_id, k.committed_by, k.generation, c.user_id, c.provider, c.method,
            c.host, c.integration_owner, c.integration_id, k.type, u.account_mac, k.key_version, k.sealed,
            $3::int, now() + $3::int * interval '1 minute', c.definition_digest
     from credentials k
     join connections c on c.tenant_id = k.tenant_id and c.id = k.connection_id
     left join account_uses u on u.tenant_id = '@install' and u.owner_id = k.tenant_id
       and u.connection_id = k.connection_id
     where k.tenant_id = $1 and k.connection_id = $2 and c.method = any($4::text[])
     on conflict do nothing
     returning ${columns}`,
    [tenantId, connectionId, claimed ? 1 : 0, methods],
  )
  return row
}

/**
 * A pair that no connection has: its grant is to be withdrawn. Its connection was removed meanwhile, or may still be made
 * of it, until `dueAt`.
 */
export async function insertRevocation(
  sql: Sql,
  row: Omit<RevocationRow, 'attempts' | 'type' | 'accountMac' | 'definitionDigest'> & {
    keyVersion: number
    /** Default: now. */
    dueAt?: Date
  },
): Promise<void> {
  await sql.query(
    `insert into revocations (tenant_id, connection_id, generation, user_id, provider, host,
       integration_owner, integration_id, type, key_version, sealed, attempt_id, method, due_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'oauth_token', $9, $10, $11::uuid, $12,
       coalesce($13, now()))
     on conflict do nothing`,
    [
      row.tenantId,
      row.connectionId,
      row.generation,
      row.userId,
      row.provider,
      row.host,
      row.integrationOwner,
      row.integrationId,
      row.keyVersion,
      row.sealed,
      row.attemptId,
      row.method,
      row.dueAt ?? null,
    ],
  )
}

/** A grant that waits, and of which no withdrawal was tried. */
export async function findWaitingGrant(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<RevocationRow | undefined> {
  const [row] = await sql.query<RevocationRow>(
    `select ${columns} from revocations
     where tenant_id = $1 and connection_id = $2 and state = 'due' and attempts = 0`,
    [tenantId, connectionId],
  )
  return row
}

/** Takes such a grant out, to be kept. False: it is not there any more. */
export async function takeWaitingGrant(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<boolean> {
  const rows = await sql.query(
    `delete from revocations
     where tenant_id = $1 and connection_id = $2 and state = 'due' and attempts = 0
     returning connection_id`,
    [tenantId, connectionId],
  )
  return rows.length === 1
}

/** Of all tenants: a grant that is due after a week becomes `irrevocable`, and is left to be withdrawn by hand. */
export async function giveUpOldRevocations(sql: Sql): Promise<void> {
  await sql.query(
    `update revocations set state = 'irrevocable'
     where state = 'due' and created_at < now() - interval '7 days'`,
  )
}

/** Tenants that have rows which are due, the longest due first. */
export async function listTenantsToRevoke(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql.query<{ tenantId: string }>(
    `select tenant_id as "tenantId" from revocations where state = 'due' and due_at <= now()
     group by tenant_id order by min(due_at) limit $1`,
    [limit],
  )
  return rows.map(({ tenantId }) => tenantId)
}

/** Takes a tenant's due rows for one attempt each; the next is due later, in case this process dies. */
export async function claimRevocations(
  sql: Sql,
  tenantId: string,
  limit: number,
): Promise<RevocationRow[]> {
  return sql.query<RevocationRow>(
    `update revocations
     set attempts = attempts + 1,
         due_at = now() + least(power(2, attempts), 360) * interval '1 minute'
     where tenant_id = $1 and (connection_id, attempt_id) in (
       select connection_id, attempt_id from revocations
       where tenant_id = $1 and state = 'due' and due_at <= now()
       order by due_at limit $2 for update skip locked
     )
     returning ${columns}`,
    [tenantId, limit],
  )
}

export async function deleteRevocation(
  sql: Sql,
  row: Pick<RevocationRow, 'tenantId' | 'connectionId' | 'attemptId'>,
): Promise<void> {
  await sql.query(
    'delete from revocations where tenant_id = $1 and connection_id = $2 and attempt_id = $3::uuid',
    [row.tenantId, row.connectionId, row.attemptId],
  )
}

/** No later attempt can help; an operator sees it. The sealed token is kept for as long. */
export async function markIrrevocable(
  sql: Sql,
  row: Pick<RevocationRow, 'tenantId' | 'connectionId' | 'attemptId'>,
): Promise<void> {
  await sql.query(
    `update revocations set state = 'irrevocable'
     where tenant_id = $1 and connection_id = $2 and attempt_id = $3::uuid`,
    [row.tenantId, row.connectionId, row.attemptId],
  )
}
