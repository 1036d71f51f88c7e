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
