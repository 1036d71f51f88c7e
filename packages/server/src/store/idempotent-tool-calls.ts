import type { Sql } from './database.ts'

/** A change that was called by a tool under an idempotency key of its connection. */
export interface ToolCallName {
  tenantId: string
  connectionId: string
  /** Of the client's choice. */
  key: string
}

export interface IdempotentToolCallRow extends ToolCallName {
  /** `ofTenant`: of the tenant's own connection. */
  userId: string
  /** The request that took the key. */
  requestId: string
  state: 'running' | 'unknown' | 'done'
  /** It is still running, and should not be any more. */
  isCutOff: boolean
  /** Which call it is, and what came of it. */
  sealed: Uint8Array
}

interface Sealed {
  sealed: Uint8Array
  keyVersion: number
}

/** False: the key was taken before, less than a day ago. */
export async function takeToolKey(
  sql: Sql,
  row: ToolCallName & Sealed & { userId: string; requestId: string; mostMs: number },
): Promise<boolean> {
  const { tenantId, connectionId, key, userId, requestId, sealed, keyVersion, mostMs } = row
  const taken = await sql.query(
    `insert into idempotent_tool_calls
       (tenant_id, connection_id, key, user_id, request_id, sealed, key_version, ends_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 millisecond')
     on conflict (tenant_id, connection_id, key) do update
       set user_id = excluded.user_id, request_id = excluded.request_id, state = 'running',
           sealed = excluded.sealed, key_version = excluded.key_version, ends_at = excluded.ends_at,
           created_at = now()
       where idempotent_tool_calls.created_at < now() - interval '24 hours'
     returning request_id`,
    [tenantId, connectionId, key, userId, requestId, sealed, keyVersion, mostMs],
  )
  return taken.length === 1
}

export async function findToolCall(
  sql: Sql,
  { tenantId, connectionId, key }: ToolCallName,
): Promise<IdempotentToolCallRow | undefined> {
  const [row] = await sql.query<IdempotentToolCallRow>(
    `select tenant_id as "tenantId", connection_id as "connectionId", key, user_id as "userId",
            request_id as "requestId", state, state = 'running' and ends_at <= now() as "isCutOff", sealed
     from idempotent_tool_calls where tenant_id = $1 and connection_id = $2 and key = $3`,
    [tenantId, connectionId, key],
  )
  return row
}

/** What came of a call that is still this request's. */
export async function endToolCall(
  sql: Sql,
  row: ToolCallName & Sealed & { requestId: string; state: 'unknown' | 'done' },
): Promise<void> {
  const { tenantId, connectionId, key, requestId, state, sealed, keyVersion } = row
  await sql.query(
    `update idempotent_tool_calls set state = $5, sealed = $6, key_version = $7
     where tenant_id = $1 and connection_id = $2 and key = $3 and request_id = $4`,
    [tenantId, connectionId, key, requestId, state, sealed, keyVersion],
  )
}

/** Gives back the key of a call that changed nothing. */
export async function freeToolKey(
  sql: Sql,
  row: ToolCallName & { requestId: string },
): Promise<void> {
  const { tenantId, connectionId, key, requestId } = row
  await sql.query(
    `delete from idempotent_tool_calls
     where tenant_id = $1 and connection_id = $2 and key = $3 and request_id = $4 and state = 'running'`,
    [tenantId, connectionId, key, requestId],
  )
}

/** Of all tenants: after a day a key may be used anew. */
export async function deleteOldToolCalls(sql: Sql): Promise<void> {
  await sql.query(
    "delete from idempotent_tool_calls where created_at < now() - interval '24 hours'",
  )
}
