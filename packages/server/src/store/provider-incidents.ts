import type { Sql } from './database.ts'

/** Connections whose answers are compared: those of an integration; without one, the API keys of a host. */
export interface AnswersOf {
  integrationId: string
  host: string
}

/** The last clear answer that a provider gave of one connection: it lives, or it is refused. */
export interface ProviderAnswer {
  tenantId: string
  refused: boolean
  agoMs: number
}

export interface IncidentRow extends AnswersOf {
  /** '@install': all tenants of the integration, or of the host. */
  tenantId: string
  id: string
  provider: string
  beganAt: Date
  confirmedAt: Date | null
  /** How many were refused since a connection was last answered well. */
  refusals: number
  refusingForMs: number
}

const columns = `tenant_id as "tenantId", id, provider, host, integration_id as "integrationId",
  began_at as "beganAt", confirmed_at as "confirmedAt", refusals,
  (extract(epoch from now() - refusing_since) * 1000)::float8 as "refusingForMs"`

/** Until the transaction ends: refusals are judged one at a time, so that each sees those before it. */
export async function lockAnswers(sql: Sql, { integrationId, host }: AnswersOf): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock(hashtextextended($1, 7261094))`, [
    JSON.stringify([integrationId, host]),
  ])
}

/** Of all tenants, and counted no further than `limit`. */
export async function countAnswering(
  sql: Sql,
  { integrationId, host }: AnswersOf,
  limit: number,
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*)::int as count from (
       select from refresh_schedule where integration_id = $1 and host = $2 and state <> 'dead' limit $3
     ) as some_of_them`,
    [integrationId, host, limit],
  )
  return row?.count ?? 0
}

/** What the provider last said of each connection, of all tenants; the newest first, without `except`. */
export async function listAnswers(
  sql: Sql,
  { integrationId, host }: AnswersOf,
  query: { windowMs: number; limit: number; except: { tenantId: string; id: string } | null },
): Promise<ProviderAnswer[]> {
  const { windowMs, limit, except } = query
  return sql.query<ProviderAnswer>(
    `select tenant_id as "tenantId", refused_at is not null as refused,
            (extract(epoch from now() - answered_at) * 1000)::float8 as "agoMs"
     from refresh_schedule
     where integration_id = $1 and host = $2 and answered_at > now() - $3 * interval '1 millisecond'
       and (tenant_id, connection_id) is distinct from ($5::text, $6::text)
     order by answered_at desc limit $4`,
    [integrationId, host, windowMs, limit, except?.tenantId ?? null, except?.id ?? null],
  )
}

/** The incident that covers a tenant's connections there; one of all tenants comes first. */
export async function findIncident(
  sql: Sql,
  { tenantId, integrationId, host }: AnswersOf & { tenantId: string },
): Promise<IncidentRow | undefined> {
  const [row] = await sql.query<IncidentRow>(
    `select ${columns} from provider_incidents
     where tenant_id in ($1, '@install') and integration_id = $2 and host = $3
     order by (tenant_id = '@install') desc limit 1`,
    [tenantId, integrationId, host],
  )
  return row
}

/** Undefined: it is open already. */
export async function openIncident(
  sql: Sql,
  row: AnswersOf & { tenantId: string; id: string; provider: string },
): Promise<IncidentRow | undefined> {
  const [opened] = await sql.query<IncidentRow>(
    `insert into provider_incidents (tenant_id, id, provider, host, integration_id)
     values ($1, $2, $3, $4, $5) on conflict do nothing returning ${columns}`,
    [row.tenantId, row.id, row.provider, row.host, row.integrationId],
  )
  return opened
}

/** One more was refused. */
export async function countRefusal(
  sql: Sql,
  { tenantId, id }: Pick<IncidentRow, 'tenantId' | 'id'>,
): Promise<void> {
  await sql.query(
    'update provider_incidents set refusals = refusals + 1 where tenant_id = $1 and id = $2',
    [tenantId, id],
  )
}

/**
 * One was answered well: what was counted says nothing any more, and the next is asked at once. The pause between
 * two spares a host that refuses.
 */
export async function restartRefusals(
  sql: Sql,
  { tenantId, id }: Pick<IncidentRow, 'tenantId' | 'id'>,
): Promise<void> {
  await sql.query(
    `update provider_incidents set refusals = 0, refusing_since = now(), asked_at = null
     where tenant_id = $1 and id = $2`,
    [tenantId, id],
  )
}

/** False: it is over, or was confirmed before. */
export async function confirmIncident(
  sql: Sql,
  { tenantId, id }: Pick<IncidentRow, 'tenantId' | 'id'>,
): Promise<boolean> {
  const rows = await sql.query(
    `update provider_incidents set confirmed_at = now()
     where tenant_id = $1 and id = $2 and confirmed_at is null returning id`,
    [tenantId, id],
  )
  return rows.length === 1
}

/** False: it is over already. */
export async function deleteIncident(
  sql: Sql,
  { tenantId, id }: Pick<IncidentRow, 'tenantId' | 'id'>,
): Promise<boolean> {
  const rows = await sql.query(
    'delete from provider_incidents where tenant_id = $1 and id = $2 returning id',
    [tenantId, id],
  )
  return rows.length === 1
}

/** What one of all tenants covers needs none of its own. */
export async function deleteCoveredIncidents(
  sql: Sql,
  { integrationId, host }: AnswersOf,
): Promise<void> {
  await sql.query(
    `delete from provider_incidents
     where tenant_id <> '@install' and integration_id = $1 and host = $2`,
    [integrationId, host],
  )
}

/** Undefined: there is none, or not among the tenants of the scope. */
export async function findIncidentById(sql: Sql, id: string): Promise<IncidentRow | undefined> {
  const [row] = await sql.query<IncidentRow>(
    `select ${columns} from provider_incidents where id = $1`,
    [id],
  )
  return row
}

export async function listIncidents(sql: Sql): Promise<IncidentRow[]> {
  return sql.query<IncidentRow>(`select ${columns} from provider_incidents order by began_at, id`)
}

/** Of all tenants: those whose truth is known for long. */
export async function deleteOldIncidents(sql: Sql, olderThanMs: number): Promise<void> {
  await sql.query(
    `delete from provider_incidents where confirmed_at < now() - $1 * interval '1 millisecond'`,
    [olderThanMs],
  )
}

/**
 * Open incidents that may be asked of now, one for each host, and each for one replica: however many a host has, and
 * however many replicas, it is asked once in `everyMs`.
 */
export async function claimAsks(
  sql: Sql,
  everyMs: number,
): Promise<(AnswersOf & { tenantId: string; beganAt: Date })[]> {
  return sql.query(
    `with open as materialized (
       select tenant_id, id, host, asked_at from provider_incidents
       where confirmed_at is null order by tenant_id, id for update skip locked
     ), turns as (
       select distinct on (host) tenant_id, id, max(asked_at) over (partition by host) as last
       from open order by host, asked_at nulls first
     )
     update provider_incidents p set asked_at = now()
     from turns t
     where p.tenant_id = t.tenant_id and p.id = t.id
       and coalesce(t.last <= now() - $1 * interval '1 millisecond', true)
     returning p.tenant_id as "tenantId", p.integration_id as "integrationId", p.host,
       p.began_at as "beganAt"`,
    [everyMs],
  )
}

/** Probes at most `limit` connections that were not refused, those due soonest first, to compare with the refusals. */
export async function lookAtOthers(
  sql: Sql,
  { integrationId, host }: AnswersOf,
  limit: number,
): Promise<void> {
  await sql.query(
    `update refresh_schedule u set probe_at = now()
     from (
       select tenant_id as owner, connection_id as id from refresh_schedule
       where integration_id = $1 and host = $2 and state = 'idle' and refused_at is null
         and due_at > now() and lease_owner is null
       order by due_at limit $3 for update skip locked
     ) as others
     where u.tenant_id = others.owner and u.connection_id = others.id`,
    [integrationId, host, limit],
  )
}

/**
 * The connections of an incident are asked anew, spread over a time: those that were refused, whose answers count no
 * more unless `keep`, and those under suspicion, whose pauses have grown with theirs; with `everyone`, all of them.
 * What is being asked right now is left alone.
 */
export async function askAnew(
  sql: Sql,
  incident: AnswersOf & { tenantId: string },
  options: { keep: boolean; everyone: boolean; spreadMs: number; limit: number | null },
): Promise<void> {
  const { tenantId, integrationId, host } = incident
  const { keep, everyone, spreadMs, limit } = options
  await sql.query(
    `update refresh_schedule u
     set refresh_at = case when refresh_at is not null then
           least(refresh_at, now() + random() * $6 * interval '1 millisecond') end,
         probe_at = case when refresh_at is null then
           least(probe_at, now() + random() * $6 * interval '1 millisecond') else probe_at end,
         answered_at = case when $5 or refused_at is null then answered_at end
     from (
       select tenant_id as owner, connection_id as id from refresh_schedule
       where integration_id = $1 and host = $2 and $3 in (tenant_id, '@install') and state <> 'dead'
         and lease_owner is null and ($4 or refused_at is not null or state = 'suspect')
       order by refused_at is not null, due_at limit $7 for update skip locked
     ) as some_of_them
     where u.tenant_id = some_of_them.owner and u.connection_id = some_of_them.id`,
    [integrationId, host, tenantId, everyone, keep, spreadMs, limit],
  )
}
