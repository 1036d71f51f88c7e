import type { Sql } from './database.ts'

/** A token that was made and not revoked. What it may do stands in the token itself, which is signed. */
export interface McpTokenRow {
  tenantId: string
  id: string
  /** The one that made it. */
  apiKeyId: string
  expiresAt: Date
}

/** Those of the tenant that have ended go. */
export async function insertMcpToken(sql: Sql, row: McpTokenRow): Promise<void> {
  const { tenantId, id, apiKeyId, expiresAt } = row
  await sql.query(`delete from mcp_tokens where tenant_id = $1 and expires_at < now()`, [tenantId])
  await sql.query(
    `insert into mcp_tokens (tenant_id, id, api_key_id, expires_at) values ($1, $2, $3, $4)`,
    [tenantId, id, apiKeyId, expiresAt],
  )
}

/** The key that made it; undefined: it was revoked, or has ended. */
export async function findMcpTokenKey(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<string | undefined> {
  const [row] = await sql.query<{ apiKeyId: string }>(
    `select api_key_id as "apiKeyId" from mcp_tokens
     where tenant_id = $1 and id = $2 and expires_at > now()`,
    [tenantId, id],
  )
  return row?.apiKeyId
}

/** False: there is none. */
export async function deleteMcpToken(sql: Sql, tenantId: string, id: string): Promise<boolean> {
  const rows = await sql.query(
    `delete from mcp_tokens where tenant_id = $1 and id = $2 and expires_at > now() returning id`,
    [tenantId, id],
  )
  return rows.length === 1
}
