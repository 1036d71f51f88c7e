import type { WebhookEventType } from '@keywell/protocol'
import type { Sql } from './database.ts'

export interface WebhookEndpointRow {
  /** `@install`: receives the events of all tenants. */
  tenantId: string
  id: string
  url: string
  events: WebhookEventType[]
  /** Null: enabled. */
  disabledReason: 'operator' | 'gone' | null
  secretVersion: number
  sealed: Uint8Array
  /** The secret before, while it is live. */
  previousSealed: Uint8Array | null
  previousUntil: Date | null
  createdAt: Date
}

const columns = `tenant_id as "tenantId", id, url, events, disabled_reason as "disabledReason",
  secret_version as "secretVersion", sealed,
  case when previous_until > now() then previous_sealed end as "previousSealed",
  case when previous_until > now() then previous_until end as "previousUntil",
  created_at as "createdAt"`

/** Until the transaction ends: webhooks of an owner are counted and added one at a time. */
export async function lockWebhookOwner(sql: Sql, tenantId: string): Promise<void> {
  await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 8213006))', [tenantId])
}

/** Undefined when the owner has as many as it may have. `lockWebhookOwner` goes before it. */
export async function insertWebhookEndpoint(
  sql: Sql,
  row: Pick<WebhookEndpointRow, 'tenantId' | 'id' | 'url' | 'events' | 'sealed'> & {
    keyVersion: number
    maxPerOwner: number
  },
): Promise<WebhookEndpointRow | undefined> {
  const [inserted] = await sql.query<WebhookEndpointRow>(
    `insert into webhook_endpoints (tenant_id, id, url, events, key_version, sealed)
     select $1, $2, $3, $4::text[], $5::int, $6::bytea
     where (select count(*) from webhook_endpoints where tenant_id = $1) < $7
     returning ${columns}`,
    [row.tenantId, row.id, row.url, row.events, row.keyVersion, row.sealed, row.maxPerOwner],
  )
  return inserted
}

export async function findWebhookEndpoint(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<WebhookEndpointRow | undefined> {
  const [row] = await sql.query<WebhookEndpointRow>(
    `select ${columns} from webhook_endpoints where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
  return row
}

export async function listWebhookEndpoints(
  sql: Sql,
  tenantId: string,
): Promise<WebhookEndpointRow[]> {
  return sql.query<WebhookEndpointRow>(
    `select ${columns} from webhook_endpoints where tenant_id = $1 order by id`,
    [tenantId],
  )
}

/** What is null stays as it is. */
export async function updateWebhookEndpoint(
  sql: Sql,
  row: { tenantId: string; id: string; url: string | null; events: readonly string[] | null },
): Promise<WebhookEndpointRow | undefined> {
  const [updated] = await sql.query<WebhookEndpointRow>(
    `update webhook_endpoints
     set url = coalesce($3, url), events = coalesce($4::text[], events), updated_at = now()
     where tenant_id = $1 and id = $2
     returning ${columns}`,
    [row.tenantId, row.id, row.url, row.events],
  )
  return updated
}

/** Null enables it. Undefined when there is nothing to change. */
export async function setWebhookEndpointState(
  sql: Sql,
  row: Pick<WebhookEndpointRow, 'tenantId' | 'id' | 'disabledReason'>,
): Promise<WebhookEndpointRow | undefined> {
  const [updated] = await sql.query<WebhookEndpointRow>(
    `update webhook_endpoints set disabled_reason = $3, updated_at = now()
     where tenant_id = $1 and id = $2 and (disabled_reason is null) <> ($3::text is null)
     returning ${columns}`,
    [row.tenantId, row.id, row.disabledReason],
  )
  return updated
}

/** The secret of now becomes the one before. Compare-and-set on its version, which it is sealed to. */
export async function rotateWebhookSecret(
  sql: Sql,
  row: {
    tenantId: string
    id: string
    secretVersion: number
    keyVersion: number
    sealed: Uint8Array
    previousLivesMs: number
  },
): Promise<WebhookEndpointRow | undefined> {
  const [rotated] = await sql.query<WebhookEndpointRow>(
    `update webhook_endpoints
     set previous_sealed = sealed, previous_until = now() + $6 * interval '1 millisecond',
         sealed = $5, key_version = $4, secret_version = $3, updated_at = now()
     where tenant_id = $1 and id = $2 and secret_version = $3 - 1
     returning ${columns}`,
    [row.tenantId, row.id, row.secretVersion, row.keyVersion, row.sealed, row.previousLivesMs],
  )
  return rotated
}

export async function deleteWebhookEndpoint(
  sql: Sql,
  tenantId: string,
  id: string,
): Promise<WebhookEndpointRow | undefined> {
  const [deleted] = await sql.query<WebhookEndpointRow>(
    `delete from webhook_endpoints where tenant_id = $1 and id = $2 returning ${columns}`,
    [tenantId, id],
  )
  return deleted
}
