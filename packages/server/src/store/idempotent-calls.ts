import type { Sql } from './database.ts'

/** Names a call: the same key in another route, or of another API key, is another call. */
export interface CallName {
  tenantId: string
  apiKeyId: string
  route: string
  /** Of the client's choice. */
  key: string
}

export interface IdempotentCallRow extends CallName {
  requestId: string
  requestMac: Uint8Array
  /** Null: it is under way, or was cut off. */
  status: number | null
  /** As it was sent; null where it holds a secret too. */
  answer: string | null
  answerMac: Uint8Array | null
  pepperVersion: number
}

/** False: there is one of this name already, which is not older than a day. */
export async function beginCall(
  sql: Sql,
  row: CallName & Pick<IdempotentCallRow, 'requestId' | 'requestMac' | 'pepperVersion'>,
): Promise<boolean> {
  const { tenantId, apiKeyId, route, key, requestId, requestMac, pepperVersion } = row
  const begun = await sql.query(
    `insert into idempotent_calls
       (tenant_id, api_key_id, route, key, request_id, request_mac, pepper_version)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, api_key_id, route, key) do update
       set request_id = excluded.request_id, request_mac = excluded.request_mac,
           pepper_version = excluded.pepper_version, status = null, answer = null, answer_mac = null,
           created_at = now()
       where idempotent_calls.created_at < now() - interval '24 hours'
     returning request_id`,
    [tenantId, apiKeyId, route, key, requestId, requestMac, pepperVersion],
  )
  return begun.length === 1
}

export async function findCall(
  sql: Sql,
  { tenantId, apiKeyId, route, key }: CallName,
): Promise<IdempotentCallRow | undefined> {
  const [row] = await sql.query<IdempotentCallRow>(
    `select tenant_id as "tenantId", api_key_id as "apiKeyId", route, key,
            request_id as "requestId", request_mac as "requestMac", status, answer,
            answer_mac as "answerMac", pepper_version as "pepperVersion"
     from idempotent_calls
     where tenant_id = $1 and api_key_id = $2 and route = $3 and key = $4`,
    [tenantId, apiKeyId, route, key],
  )
  return row
}

/** Keeps what a call that is still this request's was answered. */
export async function endCall(
  sql: Sql,
  row: CallName & {
    requestId: string
    status: number
    answer: string | null
    answerMac: Uint8Array
  },
): Promise<void> {
  const { tenantId, apiKeyId, route, key, requestId, status, answer, answerMac } = row
  await sql.query(
    `update idempotent_calls set status = $6, answer = $7, answer_mac = $8
     where tenant_id = $1 and api_key_id = $2 and route = $3 and key = $4 and request_id = $5`,
    [tenantId, apiKeyId, route, key, requestId, status, answer, answerMac],
  )
}

/** Forgets a call that changed nothing: under the same key it may be made again. */
export async function forgetCall(sql: Sql, row: CallName & { requestId: string }): Promise<void> {
  const { tenantId, apiKeyId, route, key, requestId } = row
  await sql.query(
    `delete from idempotent_calls
     where tenant_id = $1 and api_key_id = $2 and route = $3 and key = $4 and request_id = $5
       and status is null`,
    [tenantId, apiKeyId, route, key, requestId],
  )
}

/** Of all tenants: after a day a key may be used anew. */
export async function deleteOldCalls(sql: Sql): Promise<void> {
  await sql.query("delete from idempotent_calls where created_at < now() - interval '24 hours'")
}
