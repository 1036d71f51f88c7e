import type { Sql } from './database.ts'

/** Names of the providers of live connections, of integrations, and of grants that wait to be withdrawn, of all tenants. */
export async function listProvidersInUse(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ provider: string }>(
    `select provider from connections where status <> 'disconnected'
     union select provider from integrations
     union select provider from revocations where state = 'due'`,
  )
  return rows.map(({ provider }) => provider)
}

/**
 * Live connections, integrations, and grants that wait to be withdrawn, of one provider. Of a tenant's own, those of the
 * tenant; else for `everyTenant`.
 */
export async function countProviderUses(
  sql: Sql,
  { owner, name }: { owner: string; name: string },
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select (
       (select count(*) from connections
        where (tenant_id = $1 or $1 = '@install') and provider = $2 and status <> 'disconnected')
       + (select count(*) from integrations
          where (tenant_id = $1 or $1 = '@install') and provider = $2)
       + (select count(*) from revocations
          where (tenant_id = $1 or $1 = '@install') and provider = $2 and state = 'due')
     )::int as count`,
    [owner, name],
  )
  return row?.count ?? 0
}
