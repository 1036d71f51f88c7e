import type { FlowStatus } from '@keywell/protocol'
import type { Sql } from './database.ts'

/** Those who watch flows listen here for the id of one that may have moved. */
export const flowsChannel = 'keywell_flows'

/** As stored; `exchanging` is a `confirming` whose code has been taken out. */
export type StoredFlowStatus = FlowStatus | 'exchanging'

export interface FlowError {
  code: string
  message: string
  nextStep?: string | undefined
  providerReason?: string | undefined
  retryable: boolean
}

export interface FlowRow {
  tenantId: string
  id: string
  sessionId: string
  userId: string
  provider: string
  host: string
  connectionName: string
  connectionId: string | null
  integrationOwner: string
  integrationId: string
  clientId: string
  redirectUri: string
  scopes: string[]
  /** Of the provider's definition, by its id. */
  method: string
  /** `device`: no browser of the flow's own. */
  mode: 'popup' | 'redirect' | 'device'
  resumeUrl: string | null
  status: StoredFlowStatus
  error: FlowError | null
  bindingHash: Uint8Array | null
  sealedVerifier: Uint8Array | null
  sealedCode: Uint8Array | null
  live: boolean
  expiresAt: Date
}

/** What a flow is bound to: all of its row that decides who gets what, where, and until when. */
export type BoundFlow = Pick<
  FlowRow,
  | 'tenantId'
  | 'id'
  | 'sessionId'
  | 'userId'
  | 'provider'
  | 'host'
  | 'connectionName'
  | 'connectionId'
  | 'integrationOwner'
  | 'integrationId'
  | 'clientId'
  | 'redirectUri'
  | 'scopes'
  | 'method'
  | 'mode'
  | 'resumeUrl'
  | 'bindingHash'
  | 'expiresAt'
>

const columns = `tenant_id as "tenantId", id, session_id as "sessionId", user_id as "userId",
  provider, host, connection_name as "connectionName", connection_id as "connectionId",
  integration_owner as "integrationOwner", integration_id as "integrationId",
  client_id as "clientId", redirect_uri as "redirectUri", scopes, method, mode,
  resume_url as "resumeUrl", status, error, binding_hash as "bindingHash", sealed_verifier as "sealedVerifier",
  sealed_code as "sealedCode", expires_at > now() as live, expires_at as "expiresAt"`

export async function insertFlow(
  sql: Sql,
  row: Omit<BoundFlow, 'bindingHash'> & { sealedVerifier: Uint8Array; keyVersion: number },
): Promise<void> {
  await sql.query(
    `insert into flows (tenant_id, id, session_id, user_id, provider, host, connection_name,
       connection_id, integration_owner, integration_id, client_id, redirect_uri, scopes, method,
       mode, resume_url, status, sealed_verifier, key_version, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'created', $17,
       $18, $19)`,
    [
      row.tenantId,
      row.id,
      row.sessionId,
      row.userId,
      row.provider,
      row.host,
      row.connectionName,
      row.connectionId,
      row.integrationOwner,
      row.integrationId,
      row.clientId,
      row.redirectUri,
      row.scopes,
      row.method,
      row.mode,
      row.resumeUrl,
      row.sealedVerifier,
      row.keyVersion,
      row.expiresAt,
    ],
  )
}

export async function findFlow(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<FlowRow | undefined> {
  const [row] = await sql.query<FlowRow>(
    `select ${columns} from flows where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

/** The flows of a session, the newest first. */
export async function listFlows(sql: Sql, tenantId: string, sessionId: string): Promise<FlowRow[]> {
  return sql.query<FlowRow>(
    `select ${columns} from flows where tenant_id = $1 and session_id = $2
     order by created_at desc, id desc limit 50`,
    [tenantId, sessionId],
  )
}

/** How many flows a session has begun, and how many of them are still under way. */
export async function countFlows(
  sql: Sql,
  tenantId: string,
  sessionId: string,
): Promise<{ all: number; alive: number }> {
  const [row] = await sql.query<{ all: number; alive: number }>(
    `select count(*)::int as "all",
            (count(*) filter (where status in ('created', 'started', 'confirming', 'exchanging')
                                and expires_at > now()))::int as alive
     from flows where tenant_id = $1 and session_id = $2`,
    [tenantId, sessionId],
  )
  return row ?? { all: 0, alive: 0 }
}

/** Starts a flow that no browser is bound to. False when it was started already, or has ended. */
export async function startUnbound(sql: Sql, tenantId: string, id: string): Promise<boolean> {
  const started = await sql.query(
    `update flows set status = 'started', updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'created' and mode = 'device'
       and expires_at > now()
     returning id`,
    [tenantId, id],
  )
  return started.length === 1
}

/** Binds a flow to a browser. False when it was started already, or has ended. */
export async function startFlow(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    bindingHash: Uint8Array
    sealedVerifier: Uint8Array
    keyVersion: number
  },
): Promise<boolean> {
  const started = await sql.query(
    `update flows
     set status = 'started', binding_hash = $3, sealed_verifier = $4, key_version = $5,
         updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'created' and expires_at > now()
     returning id`,
    [row.tenantId, row.id, row.bindingHash, row.sealedVerifier, row.keyVersion],
  )
  return started.length === 1
}

export async function parkCode(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    sealedCode: Uint8Array
    keyVersion: number
    lifeMs: number
    codeHash: string
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update flows
     set status = 'confirming', sealed_code = $3, key_version = $4,
         code_expires_at = now() + $5 * interval '1 millisecond', updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'started' and expires_at > now()
       and not ($6 = any(refused_codes))
     returning id`,
    [row.tenantId, row.id, row.sealedCode, row.keyVersion, row.lifeMs, row.codeHash],
  )
  return rows.length === 1
}

/** Keeps the code that is polled with. False: the flow is past it. */
export async function keepDeviceCode(
  sql: Sql,
  row: { tenantId: string; id: string; sealedCode: Uint8Array; keyVersion: number },
): Promise<boolean> {
  const rows = await sql.query(
    `update flows set sealed_code = $3, key_version = $4, updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'started' and expires_at > now()
       and sealed_code is null
     returning id`,
    [row.tenantId, row.id, row.sealedCode, row.keyVersion],
  )
  return rows.length === 1
}

/** Notes the grant that a poll brought, in place of the code that was polled with. False: the flow is past it. */
export async function noteGrant(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    grantId: string
    sealedCode: Uint8Array
    keyVersion: number
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update flows set grant_id = $3, sealed_code = $4, key_version = $5, updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'started' and expires_at > now()
       and grant_id is null
     returning id`,
    [row.tenantId, row.id, row.grantId, row.sealedCode, row.keyVersion],
  )
  return rows.length === 1
}

/** Parks what is known of the grant, until the app names its account. False: the flow is past it. */
export async function parkGrant(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    grantId: string
    sealedCode: Uint8Array
    keyVersion: number
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update flows
     set status = 'confirming', sealed_code = $4, key_version = $5, code_expires_at = expires_at,
         updated_at = now()
     where tenant_id = $1 and id = $2 and grant_id = $3 and status = 'started' and expires_at > now()
     returning id`,
    [row.tenantId, row.id, row.grantId, row.sealedCode, row.keyVersion],
  )
  return rows.length === 1
}

/** The person has chosen another key in the form. */
export async function changeMethod(
  sql: Sql,
  row: { tenantId: string; id: string; method: string; sealedVerifier: Uint8Array | null },
): Promise<void> {
  await sql.query(
    `update flows set method = $3, sealed_verifier = $4, updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'started' and expires_at > now()`,
    [row.tenantId, row.id, row.method, row.sealedVerifier],
  )
}

/** Remembers a code that another browser brought. Answers how many there are by now; 0 for a flow that is past it. */
export async function refuseCode(
  sql: Sql,
  row: { tenantId: string; id: string; codeHash: string },
): Promise<number> {
  const [refused] = await sql.query<{ count: number }>(
    `update flows set refused_codes = array_append(array_remove(refused_codes, $3), $3)
     where tenant_id = $1 and id = $2 and status in ('created', 'started')
     returning cardinality(refused_codes) as count`,
    [row.tenantId, row.id, row.codeHash],
  )
  return refused?.count ?? 0
}

/**
 * Counts a key that a form has sent, before the provider is asked about it. Answers how many there are by now;
 * undefined when there are too many already, or the flow is past its form.
 */
export async function countKeyAttempt(
  sql: Sql,
  row: { tenantId: string; id: string; maxAttempts: number },
): Promise<number | undefined> {
  const [counted] = await sql.query<{ attempts: number }>(
    `update flows set key_attempts = key_attempts + 1, updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'started' and expires_at > now()
       and key_attempts < $3
     returning key_attempts as attempts`,
    [row.tenantId, row.id, row.maxAttempts],
  )
  return counted?.attempts
}

/**
 * Counts a short code for each flow of a session that waits for one, before it is compared. Answers those flows, and how
 * many codes have come for each by now; one that too many have come for already is not among them.
 */
export async function countCodeAttempt(
  sql: Sql,
  row: { tenantId: string; sessionId: string; maxAttempts: number },
): Promise<{ id: string; attempts: number }[]> {
  return sql.query<{ id: string; attempts: number }>(
    `update flows set code_attempts = code_attempts + 1, updated_at = now()
     where tenant_id = $1 and session_id = $2 and status = 'confirming' and expires_at > now()
       and code_attempts < $3
     returning id, code_attempts as attempts`,
    [row.tenantId, row.sessionId, row.maxAttempts],
  )
}

/** Takes the parked code out for its one exchange; a second call gets nothing. */
export async function takeCode(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<{ sealedCode: Uint8Array; sealedVerifier: Uint8Array } | undefined> {
  const [row] = await sql.query<{ sealedCode: Uint8Array; sealedVerifier: Uint8Array }>(
    `with taken as (
       select tenant_id, id, sealed_code, sealed_verifier from flows
       where tenant_id = $1 and id = $2 and status = 'confirming' and code_expires_at > now()
         and expires_at > now()
       for update
     )
     update flows f
     set status = 'exchanging', sealed_code = null, sealed_verifier = null, updated_at = now()
     from taken where f.tenant_id = taken.tenant_id and f.id = taken.id
     returning taken.sealed_code as "sealedCode", taken.sealed_verifier as "sealedVerifier"`,
    [tenantId, id],
  )
  return row
}

/**
 * The good end, for the transaction that stores the connection: only from the state that its exchange
 * began with. False when the flow was ended meanwhile, or its time is over.
 */
export async function connectFlow(
  sql: Sql,
  row: { tenantId: string; id: string; connectionId: string },
): Promise<boolean> {
  const rows = await sql.query(
    `update flows set status = 'connected', connection_id = $3, updated_at = now()
     where tenant_id = $1 and id = $2 and status = 'exchanging' and expires_at > clock_timestamp()
     returning id`,
    [row.tenantId, row.id, row.connectionId],
  )
  return rows.length === 1
}

/**
 * Ends a flow without a connection, unless it has ended already, and destroys what secrets it still holds. A grant
 * that it has brought is withdrawn from now on.
 */
export async function endFlow(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    status: 'denied' | 'cancelled' | 'expired' | 'failed'
    error?: FlowError | null
  },
): Promise<boolean> {
  const rows = await sql.query(
    `with ended as (
       update flows
       set status = $3, error = $4::jsonb, sealed_code = null, sealed_verifier = null,
           updated_at = now()
       where tenant_id = $1 and id = $2
         and status in ('created', 'started', 'confirming', 'exchanging')
       returning id, grant_id
     ), unkept as (
       update revocations set due_at = now()
       where tenant_id = $1 and attempts = 0
         and connection_id in (select grant_id from ended where grant_id is not null)
     )
     select id from ended`,
    [row.tenantId, row.id, row.status, row.error ? JSON.stringify(row.error) : null],
  )
  return rows.length === 1
}

/** Ends each flow of a session that is under way. Answers their ids. */
export async function endFlowsOf(sql: Sql, tenantId: string, sessionId: string): Promise<string[]> {
  const ended = await sql.query<{ id: string }>(
    `with ended as (
       update flows
       set status = 'cancelled', sealed_code = null, sealed_verifier = null, updated_at = now()
       where tenant_id = $1 and session_id = $2
         and status in ('created', 'started', 'confirming', 'exchanging')
       returning id, grant_id
     ), unkept as (
       update revocations set due_at = now()
       where tenant_id = $1 and attempts = 0
         and connection_id in (select grant_id from ended where grant_id is not null)
     )
     select id from ended`,
    [tenantId, sessionId],
  )
  return ended.map(({ id }) => id)
}

/** Wakes up the watchers of a flow when its status may have changed; they poll as well. */
export async function notifyFlow(sql: Sql, flowId: string): Promise<void> {
  await sql.query(`select pg_notify($1, $2)`, [flowsChannel, flowId])
}
