import type { Sql } from './database.ts'

export interface RevocationRow {
  tenantId: string
  connectionId: string
  generation: number
  userId: string
  provider: string
  host: string
  integrationOwner: string
  integrationId: string
  sealed: Uint8Array
  attempts: number
}

const columns = `tenant_id as "tenantId", connection_id as "connectionId", generation,
  user_id as "userId", provider, host, integration_owner as "integrationOwner",
  integration_id as "integrationId", sealed, attempts`

/**
 * Moves a connection's sealed credential, unchanged, to where its grant waits to be withdrawn at the
 * provider. Undefined when there was none.
 */
export async function moveToRevocations(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<RevocationRow | undefined> {
  const [row] = await sql.query<RevocationRow>(
    `insert into revocations (tenant_id, connection_id, generation, user_id, provider, host,
       integration_owner, integration_id, key_version, sealed)
     select k.tenant_id, k.connection_id, k.generation, c.user_id, c.provider, c.host,
            c.integration_owner, c.integration_id, k.key_version, k.sealed
     from credentials k
     join connections c on c.tenant_id = k.tenant_id and c.id = k.connection_id
     where k.tenant_id = $1 and k.connection_id = $2
     on conflict do nothing
     returning ${columns}`,
    [tenantId, connectionId],
  )
  return row
}

/** Takes due rows for one attempt each; the next is due later, in case this process dies. */
export async function claimRevocations(sql: Sql, limit: number): Promise<RevocationRow[]> {
  return sql.query<RevocationRow>(
    `update revocations
     set attempts = attempts + 1,
         due_at = now() + least(power(2, attempts), 360) * interval '1 minute'
     where (tenant_id, connection_id, generation) in (
       select tenant_id, connection_id, generation from revocations
       where state = 'due' and due_at <= now() order by due_at limit $1 for update skip locked
     )
     returning ${columns}`,
    [limit],
  )
}

/** The same for one row, right after the disconnect. */
export async function claimRevocation(
  sql: Sql,
  row: Pick<RevocationRow, 'tenantId' | 'connectionId' | 'generation'>,
): Promise<boolean> {
  const rows = await sql.query(
    `update revocations
     set attempts = attempts + 1, due_at = now() + interval '1 minute'
     where tenant_id = $1 and connection_id = $2 and generation = $3 and state = 'due'
       and due_at <= now()
     returning generation`,
    [row.tenantId, row.connectionId, row.generation],
  )
  return rows.length === 1
}

export async function deleteRevocation(
  sql: Sql,
  row: Pick<RevocationRow, 'tenantId' | 'connectionId' | 'generation'>,
): Promise<void> {
  await sql.query(
    'delete from revocations where tenant_id = $1 and connection_id = $2 and generation = $3',
    [row.tenantId, row.connectionId, row.generation],
  )
}

/** No later attempt can help; an operator sees it. The sealed token is kept for as long. */
export async function markIrrevocable(
  sql: Sql,
  row: Pick<RevocationRow, 'tenantId' | 'connectionId' | 'generation'>,
): Promise<void> {
  await sql.query(
    `update revocations set state = 'irrevocable'
     where tenant_id = $1 and connection_id = $2 and generation = $3`,
    [row.tenantId, row.connectionId, row.generation],
  )
}
