import type { Sql } from './database.ts'

/** A row of `audit` as it is written, by the names of its columns; `at` is the database's. */
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
}

/** Appends any number of rows, of any tenants, in one statement: all of them or none. */
export async function insertAudit(sql: Sql, rows: readonly AuditRow[]): Promise<void> {
  await sql.query(
    `insert into audit (tenant_id, id, actor, action, user_id, connection_id, generation, result,
       reason, request_id)
     select tenant_id, id, actor, action, user_id, connection_id, generation, result, reason,
       request_id
     from json_to_recordset(($1::text)::json) as row (tenant_id text, id text, actor text,
       action text, user_id text, connection_id text, generation int, result text, reason text,
       request_id text)`,
    [JSON.stringify(rows)],
  )
}
