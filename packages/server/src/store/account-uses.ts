import type { Sql } from './database.ts'

/** An account at a provider, as a MAC: who only reads rows cannot tell which one it is. */
export interface UsedAccount {
  integrationOwner: string
  integrationId: string
  accountMac: Uint8Array
}

/** A connection uses that account from now on, and no other. */
export async function recordAccountUse(
  sql: Sql,
  use: UsedAccount & { tenantId: string; connectionId: string },
): Promise<void> {
  await sql.query(
    `insert into account_uses (tenant_id, owner_id, connection_id, integration_owner, integration_id,
       account_mac)
     values ('@install', $1, $2, $3, $4, $5)
     on conflict (tenant_id, owner_id, connection_id) do update
     set integration_owner = excluded.integration_owner, integration_id = excluded.integration_id,
         account_mac = excluded.account_mac`,
    [use.tenantId, use.connectionId, use.integrationOwner, use.integrationId, use.accountMac],
  )
}

/** Until the transaction ends: consents of one account are stored one at a time, so that each sees those before it. */
export async function lockAccount(sql: Sql, { accountMac }: UsedAccount): Promise<void> {
  await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 4410937))', [
    Buffer.from(accountMac).toString('hex'),
  ])
}

export async function deleteAccountUse(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<void> {
  await sql.query(
    `delete from account_uses where tenant_id = '@install' and owner_id = $1 and connection_id = $2`,
    [tenantId, connectionId],
  )
}

export async function deleteAccountUsesOf(sql: Sql, tenantId: string): Promise<void> {
  await sql.query(`delete from account_uses where tenant_id = '@install' and owner_id = $1`, [
    tenantId,
  ])
}

/** The other connections of the account by the same integration, of whichever tenant: at most 100. */
export function listOthersOfAccount(
  sql: Sql,
  used: UsedAccount & { tenantId: string; connectionId: string },
): Promise<{ tenantId: string; connectionId: string }[]> {
  return sql.query(
    `select owner_id as "tenantId", connection_id as "connectionId" from account_uses
     where tenant_id = '@install' and integration_owner = $1 and integration_id = $2 and account_mac = $3
       and (owner_id, connection_id) <> ($4, $5)
     limit 100`,
    [used.integrationOwner, used.integrationId, used.accountMac, used.tenantId, used.connectionId],
  )
}

/**
 * Whether a connection of any tenant uses the account by the same integration. Says nothing of whose it is.
 *
 * @param used with null as its MAC: whichever account it is
 */
export async function isAccountInUse(
  sql: Sql,
  used: Omit<UsedAccount, 'accountMac'> & { accountMac: Uint8Array | null },
): Promise<boolean> {
  const rows = await sql.query(
    `select account_mac from account_uses
     where tenant_id = '@install' and integration_owner = $1 and integration_id = $2
       and ($3::bytea is null or account_mac = $3) limit 1`,
    [used.integrationOwner, used.integrationId, used.accountMac],
  )
  return rows.length > 0
}
