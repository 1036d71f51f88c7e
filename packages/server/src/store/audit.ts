import type { Sql } from './database.ts'

/** What an entry says, by the names of its columns; `at` is the database's. */
export interface AuditRow {
  tenant_id: string
  id: string
  actor: string
  action: string
  user_id: string | null
  connection_id: string | null
  generation: number | null
  result: 'ok' | 'denied' | 'failed' | 'intent'
  reason: string | null
  request_id: string | null
  /** Of a call to a provider: JSON, whose very text is sealed. */
  call: string | null
}

/** An entry with the MAC over what it says, and the version of the key that made it. */
export interface SealedAuditRow extends AuditRow {
  mac_version: number
  /** In base64. */
  mac: string
}

/**
 * Appends any number of rows, of any tenants, in one statement: all of them or none. Each stands in
 * the tail until it is linked into its tenant's chain.
 */
export async function insertAudit(sql: Sql, rows: readonly SealedAuditRow[]): Promise<void> {
  await sql.query(
    `insert into audit_tail (tenant_id, id, actor, action, user_id, connection_id, generation, result,
       reason, request_id, call, mac_version, mac)
     select tenant_id, id, actor, action, user_id, connection_id, generation, result, reason,
       request_id, call::json, mac_version, decode(mac, 'base64')
     from json_to_recordset(($1::text)::json) as row (tenant_id text, id text, actor text,
       action text, user_id text, connection_id text, generation int, result text, reason text,
       request_id text, call text, mac_version int, mac text)`,
    [JSON.stringify(rows)],
  )
}
