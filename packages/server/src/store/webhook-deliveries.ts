import type { Sql } from './database.ts'

export interface DeliveryRow {
  /** The tenant that the event is about; the endpoint may be the installation's. */
  tenantId: string
  id: string
  endpointOwner: string
  endpointId: string
  type: string
  connectionId: string | null
  data: object
  state: 'due' | 'delivered' | 'dead'
  dueAt: Date
  attempts: number
  lastStatus: number | null
  lastError: string | null
  createdAt: Date
  endedAt: Date | null
}

/** The endpoint that deliveries are for. */
export interface EndpointRef {
  endpointOwner: string
  endpointId: string
}

const columns = `tenant_id as "tenantId", id, endpoint_owner as "endpointOwner",
  endpoint_id as "endpointId", type, connection_id as "connectionId", data, state,
  due_at as "dueAt", attempts, last_status as "lastStatus", last_error as "lastError",
  created_at as "createdAt", ended_at as "endedAt"`

/**
 * A new id: 12 hexadecimal digits of time and 14 of chance. Made here, since one statement writes the
 * rows of all endpoints and they share the id; hexadecimal digits are letters of our alphabet too.
 */
const newMessageId = `'msg_' || upper(
  lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') ||
  right(replace(gen_random_uuid()::text, '-', ''), 14))`

/** One delivery for each endpoint that listens to this, the tenant's own and the installation's. */
export async function insertDeliveries(
  sql: Sql,
  message: { tenantId: string; type: string; connectionId: string; data: object },
): Promise<void> {
  await sql.query(
    `with message as materialized (select ${newMessageId} as id)
     insert into webhook_deliveries (tenant_id, id, endpoint_owner, endpoint_id, type,
       connection_id, data)
     select $1, message.id, e.tenant_id, e.id, $2, $3, ($4::text)::jsonb
     from webhook_endpoints e, message
     where e.tenant_id in ($1, '@install') and e.disabled_reason is null and $2 = any(e.events)`,
    [message.tenantId, message.type, message.connectionId, JSON.stringify(message.data)],
  )
}

/** The same for messages of several tenants that tell of no connection. */
export async function insertDeliveriesOfAll(
  sql: Sql,
  messages: readonly { tenantId: string; type: string; data: object }[],
): Promise<void> {
  const rows = messages.map(({ tenantId, type, data }) => ({ tenant_id: tenantId, type, data }))
  await sql.query(
    `with message as materialized (
       select ${newMessageId} as id, tenant_id, type, data
       from json_to_recordset(($1::text)::json) as row (tenant_id text, type text, data jsonb)
     )
     insert into webhook_deliveries (tenant_id, id, endpoint_owner, endpoint_id, type, data)
     select message.tenant_id, message.id, e.tenant_id, e.id, message.type, message.data
     from message join webhook_endpoints e on e.tenant_id in (message.tenant_id, '@install')
       and e.disabled_reason is null and message.type = any (e.events)`,
    [JSON.stringify(rows)],
  )
}

/**
 * One delivery of an incident for each endpoint that listens to it: the installation's, and those of the tenants
 * that it covers and that have a connection there. A tenant without one does not learn of the host.
 */
export async function insertDeliveriesOfIncident(
  sql: Sql,
  /** The tenant: '@install' for all. */
  incident: { tenantId: string; integrationId: string; host: string },
  message: { type: string; data: object },
): Promise<void> {
  await sql.query(
    `with message as materialized (select ${newMessageId} as id)
     insert into webhook_deliveries (tenant_id, id, endpoint_owner, endpoint_id, type, data)
     select case when e.tenant_id = '@install' then $1 else e.tenant_id end,
       message.id, e.tenant_id, e.id, $4, ($5::text)::jsonb
     from webhook_endpoints e, message
     where e.disabled_reason is null and $4 = any (e.events) and (
       e.tenant_id = '@install'
       or $1 in (e.tenant_id, '@install') and exists (
         select from refresh_schedule u
         where u.tenant_id = e.tenant_id and u.integration_id = $2 and u.host = $3 and u.state <> 'dead'))`,
    [
      incident.tenantId,
      incident.integrationId,
      incident.host,
      message.type,
      JSON.stringify(message.data),
    ],
  )
}

/** One delivery for one endpoint, whatever it listens to. */
export async function insertDelivery(
  sql: Sql,
  message: EndpointRef & { tenantId: string; type: string; data: object },
): Promise<DeliveryRow> {
  const [row] = await sql.query<DeliveryRow>(
    `insert into webhook_deliveries (tenant_id, id, endpoint_owner, endpoint_id, type, data)
     values ($1, ${newMessageId}, $2, $3, $4, ($5::text)::jsonb)
     returning ${columns}`,
    [
      message.tenantId,
      message.endpointOwner,
      message.endpointId,
      message.type,
      JSON.stringify(message.data),
    ],
  )
  if (row === undefined) throw new Error('insert returned no row')
  return row
}

export interface ClaimedDelivery extends DeliveryRow {
  claimedAt: Date
}

/**
 * Takes due deliveries of one endpoint, that of the oldest one, for one attempt each. They are due
 * again when the lease ends, in case this process dies. One endpoint at a time, so that one with a long
 * queue does not delay the others.
 */
export async function claimDeliveries(
  sql: Sql,
  options: {
    /** Endpoints that are being called by this process already. */
    busy: readonly string[]
    limit: number
    leaseMs: number
  },
): Promise<ClaimedDelivery[]> {
  return sql.query<ClaimedDelivery>(
    `with oldest as (
       select endpoint_owner, endpoint_id from webhook_deliveries
       where state = 'due' and due_at <= now() and endpoint_id <> all ($1::text[])
       order by due_at limit 1 for update skip locked
     ), claimed as (
       select d.tenant_id, d.id, d.endpoint_id from webhook_deliveries d
       join oldest using (endpoint_owner, endpoint_id)
       where d.state = 'due' and d.due_at <= now()
       order by d.due_at limit $2 for update of d skip locked
     )
     update webhook_deliveries
     set attempts = attempts + 1, due_at = now() + $3 * interval '1 millisecond'
     where (tenant_id, id, endpoint_id) in (select tenant_id, id, endpoint_id from claimed)
     returning ${columns}, now() as "claimedAt"`,
    [options.busy, options.limit, options.leaseMs],
  )
}

/**
 * Records the result of an attempt. A success counts while the delivery is due; a failure only if the row
 * was not claimed again since. False: it did not count.
 */
export async function settleDelivery(
  sql: Sql,
  row: Pick<DeliveryRow, 'tenantId' | 'id' | 'endpointId' | 'attempts' | 'state'> & {
    status: number | null
    error: string | null
    /** With the state `due`. */
    retryInMs: number
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update webhook_deliveries
     set state = $5, last_status = $6, last_error = $7,
         due_at = now() + $8 * interval '1 millisecond',
         ended_at = case when $5 = 'due' then null else now() end
     where tenant_id = $1 and id = $2 and endpoint_id = $3 and state = 'due'
       and (attempts = $4 or $5 = 'delivered')
     returning id`,
    [
      row.tenantId,
      row.id,
      row.endpointId,
      row.attempts,
      row.state,
      row.status,
      row.error,
      row.retryInMs,
    ],
  )
  return rows.length === 1
}

/** Nothing goes to this endpoint any more; what was due can be replayed. */
export async function endDeliveries(
  sql: Sql,
  endpoint: EndpointRef & { error: string },
): Promise<void> {
  await sql.query(
    `update webhook_deliveries set state = 'dead', last_error = $3, ended_at = now()
     where endpoint_owner = $1 and endpoint_id = $2 and state = 'due'`,
    [endpoint.endpointOwner, endpoint.endpointId, endpoint.error],
  )
}

export async function deleteDeliveries(sql: Sql, endpoint: EndpointRef): Promise<void> {
  await sql.query('delete from webhook_deliveries where endpoint_owner = $1 and endpoint_id = $2', [
    endpoint.endpointOwner,
    endpoint.endpointId,
  ])
}

/** Newest first. */
export async function listDeliveries(
  sql: Sql,
  query: EndpointRef & { state: string | null; before: string | null; limit: number },
): Promise<DeliveryRow[]> {
  return sql.query<DeliveryRow>(
    `select ${columns} from webhook_deliveries
     where endpoint_owner = $1 and endpoint_id = $2 and ($3::text is null or state = $3)
       and ($4::text is null or id < $4)
     order by id desc limit $5`,
    [query.endpointOwner, query.endpointId, query.state, query.before, query.limit],
  )
}

/** Due again, with all of its attempts before it. Undefined when there is none, or it is due already. */
export async function replayDelivery(
  sql: Sql,
  delivery: EndpointRef & { id: string },
): Promise<DeliveryRow | undefined> {
  const [row] = await sql.query<DeliveryRow>(
    `update webhook_deliveries set state = 'due', due_at = now(), attempts = 0, ended_at = null
     where endpoint_owner = $1 and endpoint_id = $2 and id = $3 and state <> 'due'
     returning ${columns}`,
    [delivery.endpointOwner, delivery.endpointId, delivery.id],
  )
  return row
}

/** The same for all that are dead; answers how many. */
export async function replayDeadDeliveries(sql: Sql, endpoint: EndpointRef): Promise<number> {
  const [row] = await sql.query<{ replayed: number }>(
    `with replayed as (
       update webhook_deliveries set state = 'due', due_at = now(), attempts = 0, ended_at = null
       where endpoint_owner = $1 and endpoint_id = $2 and state = 'dead'
       returning id
     )
     select count(*)::int as replayed from replayed`,
    [endpoint.endpointOwner, endpoint.endpointId],
  )
  return row?.replayed ?? 0
}

/** Deletes deliveries that have ended and tell of a tenant that was erased. */
export async function deleteDeliveriesOfErased(sql: Sql, limit: number): Promise<void> {
  await sql.query(
    `delete from webhook_deliveries where (tenant_id, id, endpoint_id) in (
       select d.tenant_id, d.id, d.endpoint_id
       from tenant_erasures e join webhook_deliveries d on d.tenant_id = e.tenant_id
       where e.erased_at is not null and d.state <> 'due' limit $1
     )`,
    [limit],
  )
}

/** Deletes deliveries of all tenants that ended longer ago than these times; answers how many. */
export async function deleteOldDeliveries(
  sql: Sql,
  options: { deliveredForMs: number; deadForMs: number; limit: number },
): Promise<number> {
  const deleted = await sql.query(
    `delete from webhook_deliveries where (tenant_id, id, endpoint_id) in (
       select tenant_id, id, endpoint_id from webhook_deliveries
       where (state = 'delivered' and ended_at < now() - $1 * interval '1 millisecond')
          or (state = 'dead' and ended_at < now() - $2 * interval '1 millisecond')
       order by ended_at limit $3
     )
     returning id`,
    [options.deliveredForMs, options.deadForMs, options.limit],
  )
  return deleted.length
}
