import type { CredentialType } from '@keywell/protocol'
import type { Sql } from './database.ts'

export interface TenantRow {
  /** Null: it is not being erased. */
  begunAt: Date | null
  erasedAt: Date | null
  connections: number
  integrations: number
  webhooks: number
}

/** What there is of a tenant; undefined for one that nothing was ever kept of. */
export async function findTenant(sql: Sql, tenantId: string): Promise<TenantRow | undefined> {
  const [row] = await sql.query<TenantRow & { isKnown: boolean }>(
    `select erasure.begun_at as "begunAt", erasure.erased_at as "erasedAt", held.*,
       erasure.tenant_id is not null or connections > 0 or integrations > 0 or webhooks > 0
         or exists (select from tenant_keys where tenant_id = $1)
         or exists (select from connect_sessions where tenant_id = $1)
         or exists (select from tenant_policies where tenant_id = $1)
         or exists (select from provider_versions where tenant_id = $1) as "isKnown"
     from (
       select
         (select count(*) from connections
          where tenant_id = $1 and status <> 'disconnected')::int as connections,
         (select count(*) from integrations where tenant_id = $1)::int as integrations,
         (select count(*) from webhook_endpoints where tenant_id = $1)::int as webhooks
     ) as held
     left join tenant_erasures erasure on erasure.tenant_id = $1`,
    [tenantId],
  )
  if (row === undefined || !row.isKnown) return undefined
  const { isKnown: _, ...tenant } = row
  return tenant
}

/**
 * From the commit on nothing new is written for the tenant: triggers refuse it. False when that is so
 * already. The lock waits for those who write right now.
 */
export async function beginErasure(sql: Sql, tenantId: string): Promise<boolean> {
  await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 5394715))', [tenantId])
  const begun = await sql.query(
    `insert into tenant_erasures (tenant_id) values ($1) on conflict do nothing returning tenant_id`,
    [tenantId],
  )
  return begun.length === 1
}

/** Sessions, attempts under way and kept answers, which are of no more use. */
export async function deleteAttempts(sql: Sql, tenantId: string): Promise<void> {
  await sql.query(
    `with codes as (
       delete from one_time_codes where tenant_id = '@install' and owner_id = $1
     ), attempts as (delete from flows where tenant_id = $1),
     polls as (delete from device_polls where tenant_id = $1),
     -- What they brought waits for no confirmation any more.
     unkept as (update revocations set due_at = now() where tenant_id = $1 and attempts = 0),
     calls as (delete from idempotent_calls where tenant_id = $1)
     delete from connect_sessions where tenant_id = $1`,
    [tenantId],
  )
}

/**
 * Credentials that only their users can withdraw. Once, at the beginning.
 *
 * @param withdrawn those that are withdrawn at their provider
 */
export async function noteCredentialsLeft(
  sql: Sql,
  tenantId: string,
  withdrawn: readonly { provider: string; method: string }[],
): Promise<void> {
  await sql.query(
    `insert into tenant_left_grants (tenant_id, provider, method, host, type, count)
     select c.tenant_id, c.provider, c.method, c.host, k.type, count(*)
     from credentials k join connections c on c.tenant_id = k.tenant_id and c.id = k.connection_id
     where k.tenant_id = $1 and not exists (
       select from json_to_recordset(($2::text)::json) as withdrawn (provider text, method text)
       where withdrawn.provider = c.provider and withdrawn.method = c.method
     )
     group by c.tenant_id, c.provider, c.method, c.host, k.type`,
    [tenantId, JSON.stringify(withdrawn)],
  )
}

/** Grants that are not withdrawn yet, or never will be. Once, at the end, which deletes them. */
export async function noteGrantsLeft(sql: Sql, tenantId: string): Promise<void> {
  await sql.query(
    `insert into tenant_left_grants (tenant_id, provider, method, host, type, count)
     select tenant_id, provider, method, host, type, count(*) from revocations
     where tenant_id = $1 group by tenant_id, provider, method, host, type
     on conflict (tenant_id, provider, method, host, type)
     do update set count = tenant_left_grants.count + excluded.count`,
    [tenantId],
  )
}

export interface LeftGrants {
  provider: string
  method: string
  host: string
  type: CredentialType
  count: number
}

/** What remains at providers, and only a person can withdraw. */
export async function listLeftGrants(sql: Sql, tenantId: string): Promise<LeftGrants[]> {
  return sql.query<LeftGrants>(
    `select provider, method, host, type, sum(count)::int as count from (
       select provider, method, host, type, count from tenant_left_grants where tenant_id = $1
       union all
       select provider, method, host, type, 1 from revocations
       where tenant_id = $1 and state = 'irrevocable'
     ) as left_there
     group by provider, method, host, type order by provider, host, type, method`,
    [tenantId],
  )
}

/** Grants that wait to be withdrawn. */
export async function listPendingGrants(
  sql: Sql,
  tenantId: string,
): Promise<Omit<LeftGrants, 'method' | 'type'>[]> {
  return sql.query<Omit<LeftGrants, 'method' | 'type'>>(
    `select provider, host, count(*)::int as count from revocations
     where tenant_id = $1 and state = 'due' group by provider, host order by provider, host`,
    [tenantId],
  )
}

export interface ErasureState {
  connections: number
  pending: number
}

/** What stands in the way of the end, locked against another who would end it; undefined: it has ended. */
export async function lockErasure(sql: Sql, tenantId: string): Promise<ErasureState | undefined> {
  const open = await sql.query(
    `select tenant_id from tenant_erasures
     where tenant_id = $1 and erased_at is null for update`,
    [tenantId],
  )
  if (open.length === 0) return undefined
  const [state] = await sql.query<ErasureState>(
    `select
       (select count(*) from connections
        where tenant_id = $1 and status <> 'disconnected')::int as connections,
       (select count(*) from revocations
        where tenant_id = $1 and state = 'due')::int as pending`,
    [tenantId],
  )
  return state
}

/**
 * All versions of the tenant's key, for ever. They are locked first: a rotation that was committed
 * meanwhile has another version, which a statement that began before it would not see.
 */
export async function destroyTenantKeys(sql: Sql, tenantId: string): Promise<void> {
  await sql.query('select version from tenant_keys where tenant_id = $1 for update', [tenantId])
  await sql.query(
    `update tenant_keys
     set state = 'destroyed', wrapped = null, state_since = now(), destroyed_at = now()
     where tenant_id = $1 and state <> 'destroyed'`,
    [tenantId],
  )
}

/** What a message says of a connection beside its ids; null for the user and all that names them. */
const withoutUser = `data || '{"userId": null, "name": null, "account": null}'`

/**
 * Some of what may be many rows, before the end, which is one transaction: connections that were removed,
 * and messages. Those that the installation's own webhooks have still to receive stay, without the user.
 * Answers how many, of all.
 */
export async function deleteSomeTenantRows(
  sql: Sql,
  tenantId: string,
  limit: number,
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `with gone_connections as (
       delete from connections where tenant_id = $1 and id in (
         select id from connections where tenant_id = $1 and status = 'disconnected' limit $2
       ) returning id
     ), gone_deliveries as (
       delete from webhook_deliveries where tenant_id = $1 and (id, endpoint_id) in (
         select id, endpoint_id from webhook_deliveries
         where tenant_id = $1 and not (endpoint_owner = '@install' and state = 'due') limit $2
       ) returning id
     ), reduced_deliveries as (
       update webhook_deliveries set data = ${withoutUser}
       where tenant_id = $1 and (id, endpoint_id) in (
         select id, endpoint_id from webhook_deliveries
         where tenant_id = $1 and endpoint_owner = '@install' and state = 'due'
           and data ->> 'name' is not null limit $2
       ) returning id
     )
     select ((select count(*) from gone_connections) + (select count(*) from gone_deliveries)
       + (select count(*) from reduced_deliveries))::int as count`,
    [tenantId, limit],
  )
  return row?.count ?? 0
}

/**
 * Everything that is kept under the tenant, but for its audit log and its changes, which go at their
 * time, its destroyed keys, and what the installation's own webhooks have still to receive, without a user.
 */
export async function deleteTenantRows(sql: Sql, tenantId: string): Promise<void> {
  await sql.query(
    `with gone_credentials as (delete from credentials where tenant_id = $1),
       gone_orphans as (delete from orphans where tenant_id = $1),
       gone_revocations as (delete from revocations where tenant_id = $1),
       gone_refresh_schedule as (delete from refresh_schedule where tenant_id = $1),
       gone_incidents as (delete from provider_incidents where tenant_id = $1),
       gone_integrations as (delete from integrations where tenant_id = $1),
       gone_endpoints as (delete from webhook_endpoints where tenant_id = $1),
       gone_approvals as (delete from approvals where tenant_id = $1),
       gone_tool_calls as (delete from idempotent_tool_calls where tenant_id = $1),
       gone_mcp_tokens as (delete from mcp_tokens where tenant_id = $1),
       gone_policy as (delete from tenant_policies where tenant_id = $1),
       gone_deliveries as (
         delete from webhook_deliveries
         where tenant_id = $1 and not (endpoint_owner = '@install' and state = 'due')
       ),
       reduced_deliveries as (
         update webhook_deliveries set data = ${withoutUser}
         where tenant_id = $1 and endpoint_owner = '@install' and state = 'due'
           and data ->> 'name' is not null
       )
     delete from connections where tenant_id = $1`,
    [tenantId],
  )
}

export async function endErasure(sql: Sql, tenantId: string): Promise<void> {
  await sql.query('update tenant_erasures set erased_at = now() where tenant_id = $1', [tenantId])
}

/** Erased tenants that have keys, connections, credentials or webhooks all the same: these were put back. */
export async function listRestoredTenants(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ tenantId: string }>(
    `select e.tenant_id as "tenantId" from tenant_erasures e
     where e.erased_at is not null and (
       exists (select from tenant_keys k where k.tenant_id = e.tenant_id and k.state <> 'destroyed')
       or exists (select from connections c where c.tenant_id = e.tenant_id)
       or exists (select from credentials c where c.tenant_id = e.tenant_id)
       or exists (select from webhook_endpoints w where w.tenant_id = e.tenant_id)
     ) order by 1`,
  )
  return rows.map(({ tenantId }) => tenantId)
}

export interface RestoredRow {
  source: 'tenant keys' | 'connections'
  id: string
  /** Of a connection; of a key its version. */
  generation: number
}

/** Keys that are not destroyed, and connections. That their tenant was erased is for the caller to know. */
export async function listRestoredRows(
  sql: Sql,
  tenantId: string,
  limit: number,
): Promise<RestoredRow[]> {
  return sql.query<RestoredRow>(
    `select 'tenant keys' as source, tenant_id as id, version as generation from tenant_keys
     where tenant_id = $1 and state <> 'destroyed'
     union all
     select 'connections', id, generation from connections where tenant_id = $1
     limit $2`,
    [tenantId, limit],
  )
}

/** Tenants whose erasure is under way, the oldest first. */
export async function listErasures(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql.query<{ tenantId: string }>(
    `select tenant_id as "tenantId" from tenant_erasures
     where erased_at is null order by begun_at limit $1`,
    [limit],
  )
  return rows.map(({ tenantId }) => tenantId)
}
