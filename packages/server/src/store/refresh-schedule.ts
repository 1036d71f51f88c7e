import type { Sql } from './database.ts'

export type ScheduleState = 'idle' | 'refreshing' | 'backoff' | 'ambiguous' | 'suspect' | 'dead'

/** A connection came to be, or was connected again: it is good until due. */
export async function reschedule(
  sql: Sql,
  row: {
    tenantId: string
    connectionId: string
    integrationId: string
    host: string
    /** Milliseconds from now until a refresh is due; null: never. */
    refreshInMs: number | null
    probeInMs: number
    generation: number
  },
): Promise<void> {
  await sql.query(
    `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at, probe_at,
       connected_generation, read_at, answered_at)
     values ($1, $2, $3, $4, 'idle', now() + $5 * interval '1 millisecond',
       now() + $6 * interval '1 millisecond', $7, now(), now())
     on conflict (tenant_id, connection_id) do update
     set integration_id = excluded.integration_id, host = excluded.host, state = 'idle',
         refresh_at = excluded.refresh_at, probe_at = excluded.probe_at, read_at = now(),
         connected_generation = excluded.connected_generation,
         epoch = refresh_schedule.epoch + 1, lease_owner = null, lease_until = null, attempt_id = null,
         unresolved_since = null, failures = 0, probe_failures = 0, last_outcome = 'connected',
         answered_at = now(), refused_at = null`,
    [
      row.tenantId,
      row.connectionId,
      row.integrationId,
      row.host,
      row.refreshInMs,
      row.probeInMs,
      row.generation,
    ],
  )
}

/** The right to work on one connection, for as long as its lease holds. */
export interface Claim {
  tenantId: string
  connectionId: string
  epoch: string
  attemptId: string
  owner: string
  /** A refresh is due; else it is a probe. */
  refreshDue: boolean
  previousState: ScheduleState
  /** For how long an earlier attempt has had no known outcome; null: there is none. */
  unresolvedForMs: number | null
  failures: number
  probeFailures: number
  /** Since when every clear answer of the provider was a refusal; null: there was none. */
  refusedForMs: number | null
  /** Since the last of these; null: there was none, or it counts no more. */
  lastRefusedForMs: number | null
  /** Null: never, or not within what is remembered. */
  readAgoMs: number | null
  /** How late the work is begun. */
  lateMs: number
}

const claimed = `u.tenant_id as "tenantId", u.connection_id as "connectionId", u.epoch,
  u.attempt_id as "attemptId", u.lease_owner as owner, due.refresh_due as "refreshDue",
  due.state as "previousState", u.failures, u.probe_failures as "probeFailures",
  (extract(epoch from now() - due.unresolved_since) * 1000)::float8 as "unresolvedForMs",
  (extract(epoch from now() - u.refused_at) * 1000)::float8 as "refusedForMs",
  (extract(epoch from now() - case when u.refused_at is not null then u.answered_at end) * 1000)::float8
    as "lastRefusedForMs",
  (extract(epoch from now() - u.read_at) * 1000)::float8 as "readAgoMs",
  (extract(epoch from now() - u.due_at) * 1000)::float8 as "lateMs"`

const take = `update refresh_schedule u
  set state = case when due.refresh_due then 'refreshing' else u.state end, epoch = u.epoch + 1,
      refresh_at = case when due.refresh_due then least(u.refresh_at, now()) else u.refresh_at end,
      lease_owner = $1::uuid, lease_until = now() + $2 * interval '1 millisecond',
      attempt_id = gen_random_uuid(),
      unresolved_since = case when due.refresh_due then coalesce(u.unresolved_since, now())
                         else u.unresolved_since end
  from due
  where u.tenant_id = due.tenant_id and u.connection_id = due.connection_id`

/** When the holder of a row was heard of, by a heartbeat or by the lease, which holds for `$2`. */
const heardAt = `greatest(u.lease_until - $2 * interval '1 millisecond',
    (select r.seen_at from replicas r where r.tenant_id = '@install' and r.replica_id = u.lease_owner))`
/** An incident of its provider covers the row, so that it is asked only in its turn (`claimHeld`). */
const underIncident = `exists (select from provider_incidents p
    where p.integration_id = u.integration_id and p.host = u.host and p.confirmed_at is null
      and p.tenant_id in (u.tenant_id, '@install'))`

/** For a sum with it: so much silence, or null. */
const silence = `$5::float8 * interval '1 millisecond'`

/** What a reader asks for a claim with. */
export interface ReaderClaim {
  tenantId: string
  connectionId: string
  owner: string
  leaseMs: number
  /**
   * Nobody who was not heard of for so long works on the row any more, so that the end of the lease need
   * not be waited for; null: it must.
   */
  silentMs: number | null
}

/**
 * Claims due work of all tenants: intent, lease and epoch in one statement. The integration whose work
 * has been due the longest comes first, and within it the longest due. Integrations that are suspended,
 * or whose origin is held, are left out before their rows are looked at: however much has become due
 * there meanwhile, finding work elsewhere costs the same. API keys belong to no integration; they are
 * one group, of which each row says whether its origin is held.
 */
export async function claimDue(
  sql: Sql,
  options: { owner: string; leaseMs: number; limit: number; heldOrigins: readonly string[] },
): Promise<Claim[]> {
  return sql.query<Claim>(
    `with open as materialized (
       select i.id, longest.due_at
       from (
         select id, host from integrations g where suspended_at is null
           and not exists (select from provider_incidents p
             where p.integration_id = g.id and p.host = g.host and p.confirmed_at is null
               and p.tenant_id in (g.tenant_id, '@install'))
         union all select '', null
       ) i cross join lateral (
         select due_at from refresh_schedule u
         where integration_id = i.id and state <> 'dead' and due_at <= now()
           and (lease_until is null or lease_until < now()) and not ${underIncident}
         order by due_at
         limit 1
       ) longest
       where i.host is null or substring(i.host from '^https?://[^/]+') <> all ($4::text[])
       order by longest.due_at
     ), due as (
       select u.* from open cross join lateral (
         select tenant_id, connection_id, state, unresolved_since,
                coalesce(refresh_at <= now(), false) as refresh_due
         from refresh_schedule u
         where integration_id = open.id and state <> 'dead' and due_at <= now()
           and (lease_until is null or lease_until < now()) and not ${underIncident}
           and (open.id <> '' or substring(host from '^https?://[^/]+') <> all ($4::text[]))
         order by due_at
         limit $3
         for update skip locked
       ) u
       limit $3
     )
     ${take} returning ${claimed}`,
    [options.owner, options.leaseMs, options.limit, options.heldOrigins],
  )
}

/**
 * The same for one connection whose refresh is due, or whose token has ended while nothing was wrong. A
 * row that another process holds, that backs off, that was released without being sent, or whose integration is
 * suspended is not had: asking harder must not bypass any of these.
 */
export async function claimRefresh(sql: Sql, row: ReaderClaim): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with due as (
       select u.tenant_id, u.connection_id, u.state, u.unresolved_since, true as refresh_due
       from refresh_schedule u
       where u.tenant_id = $3 and u.connection_id = $4 and u.state <> 'dead'
         and (u.refresh_at <= now() or (
           u.refresh_at is not null and u.state = 'idle' and u.last_outcome is distinct from 'not_sent'
           and exists (
             select from credentials k
             where k.tenant_id = u.tenant_id and k.connection_id = u.connection_id
               and k.expires_at <= now())))
         and coalesce(least(u.lease_until, ${heardAt} + ${silence}) < now(), true)
         and u.integration_id not in (select id from integrations where suspended_at is not null)
         and not ${underIncident}
       for update of u skip locked
     )
     ${take} returning ${claimed}`,
    [row.owner, row.leaseMs, row.tenantId, row.connectionId, row.silentMs],
  )
  return claim
}

/**
 * The same for a probe of the generation that a caller was refused with. Not had: while somebody is at
 * the row, when its refresh is due anyway, and when that generation was probed a moment ago. A token that
 * nothing renews and that was found dead once waits for its second look.
 */
export async function claimProbe(
  sql: Sql,
  row: ReaderClaim & { generation: number; pauseMs: number },
): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with due as (
       select u.tenant_id, u.connection_id, u.state, u.unresolved_since, false as refresh_due
       from refresh_schedule u
       join credentials k on k.tenant_id = u.tenant_id and k.connection_id = u.connection_id
       where u.tenant_id = $3 and u.connection_id = $4 and u.state <> 'dead' and k.generation = $6
         and coalesce(u.refresh_at > now(), u.state <> 'suspect' or u.probe_at <= now())
         and coalesce(least(u.lease_until, ${heardAt} + ${silence}) < now(), true)
         and coalesce(u.probed_generation <> $6
           or u.probed_at < now() - $7 * interval '1 millisecond', true)
         and not ${underIncident}
       for update of u skip locked
     )
     ${take} returning ${claimed}`,
    [
      row.owner,
      row.leaseMs,
      row.tenantId,
      row.connectionId,
      row.silentMs,
      row.generation,
      row.pauseMs,
    ],
  )
  return claim
}

/**
 * One connection of a suspended integration, to find out whether its client is taken again. The one that
 * was tried least, so that another goes next time: one alone might have a trouble of its own.
 */
export async function claimCanary(
  sql: Sql,
  options: { owner: string; leaseMs: number; integrationId: string },
): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with due as (
       select tenant_id, connection_id, state, unresolved_since, true as refresh_due
       from refresh_schedule
       where integration_id = $3 and state <> 'dead' and refresh_at is not null
         and (lease_until is null or lease_until < now())
       order by epoch, refresh_at
       limit 1
       for update skip locked
     )
     ${take} returning ${claimed}`,
    [options.owner, options.leaseMs, options.integrationId],
  )
  return claim
}

/**
 * One connection that an incident of its provider holds back: the one that is due the longest. Without an answer for
 * `quietMs` the next one, due or not: whether the incident is over is to be found out.
 */
export async function claimHeld(
  sql: Sql,
  options: {
    owner: string
    leaseMs: number
    /** '@install': of all tenants. */
    incidentOwner: string
    integrationId: string
    host: string
    quietMs: number
  },
): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with due as (
       select tenant_id, connection_id, state, unresolved_since,
              refresh_at is not null and refresh_at <= greatest(now(), due_at) as refresh_due
       from refresh_schedule
       where integration_id = $3 and host = $4 and $5 in (tenant_id, '@install') and state <> 'dead'
         and (due_at <= now() or not exists (
           select from refresh_schedule where integration_id = $3 and host = $4
             and answered_at > now() - $6 * interval '1 millisecond'))
         and (lease_until is null or lease_until < now())
       order by due_at
       limit 1
       for update skip locked
     )
     ${take} returning ${claimed}`,
    [
      options.owner,
      options.leaseMs,
      options.integrationId,
      options.host,
      options.incidentOwner,
      options.quietMs,
    ],
  )
  return claim
}

/** Holds a claim for longer, while a request is open. False: it is somebody else's by now. */
export async function extendLease(sql: Sql, claim: Claim, leaseMs: number): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule set lease_until = now() + $5 * interval '1 millisecond'
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [claim.tenantId, claim.connectionId, claim.epoch, claim.owner, leaseMs],
  )
  return rows.length === 1
}

/** The doubt is settled: nothing happened before. What is sent next begins one of its own. */
export async function restartIndeterminate(sql: Sql, claim: Claim): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule set unresolved_since = now()
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [claim.tenantId, claim.connectionId, claim.epoch, claim.owner],
  )
  return rows.length === 1
}

/** When work on a connection is due, in milliseconds from now; null: never. */
export interface NextDue {
  refreshInMs: number | null
  probeInMs: number | null
}

/** A backend has read of it within `$9`. */
const isInUse = `read_at > now() - $9 * interval '1 millisecond'`

/**
 * A success: by the generation, whoever held the lease. Whether the connection is in use or dormant is
 * decided by the row as it stands now: it may have been read while the request was on its way.
 */
export async function recordSuccess(
  sql: Sql,
  row: {
    tenantId: string
    connectionId: string
    inUse: NextDue
    dormant: NextDue
    /** Dormant is what was not read for so long. */
    dormantAfterMs: number
    /** Of the claim that brought it. */
    epoch: string
    recheckState: 'none' | 'of_later_claims' | 'all'
  },
): Promise<void> {
  await sql.query(
    `update refresh_schedule
     set state = 'idle',
         refresh_at = now() + case when ${isInUse} then $3::float8 else $7::float8 end * interval '1 millisecond',
         probe_at = now() + case when ${isInUse} then $4::float8 else $8::float8 end * interval '1 millisecond',
         lease_owner = null, lease_until = null,
         attempt_id = null, failures = 0, probe_failures = 0, last_outcome = 'refreshed',
         answered_at = now(), refused_at = null,
         unresolved_since = case
           when $6 = 'all' or ($6 = 'of_later_claims' and epoch <> $5::bigint) then unresolved_since
         end
     where tenant_id = $1 and connection_id = $2`,
    [
      row.tenantId,
      row.connectionId,
      row.inUse.refreshInMs,
      row.inUse.probeInMs,
      row.epoch,
      row.recheckState,
      row.dormant.refreshInMs,
      row.dormant.probeInMs,
      row.dormantAfterMs,
    ],
  )
}

/**
 * Ends an attempt that brought no new pair; only while the lease is ours, so that it never undoes what
 * a later holder found out. False: it was not.
 */
export async function recordFailure(
  sql: Sql,
  claim: Claim,
  verdict: {
    state: ScheduleState
    failures: number
    outcome: string
    /** Null: the refresh stays due when it was. */
    retryInMs: number | null
    /** The attempt, or one before it, may have been processed: the doubt stays. */
    unresolved: boolean
    /** The provider has said clearly that the grant is gone. Default: false. */
    refused?: boolean
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule
     set state = $5, last_outcome = $6, failures = $7,
         refresh_at = coalesce(now() + $8 * interval '1 millisecond', refresh_at),
         lease_owner = null, lease_until = null, attempt_id = null,
         unresolved_since = case when $9 then unresolved_since end,
         answered_at = case when $10 then now() else answered_at end,
         refused_at = case when $10 then coalesce(refused_at, now()) else refused_at end
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [
      claim.tenantId,
      claim.connectionId,
      claim.epoch,
      claim.owner,
      verdict.state,
      verdict.outcome,
      verdict.failures,
      verdict.retryInMs,
      verdict.unresolved,
      verdict.refused ?? false,
    ],
  )
  return rows.length === 1
}

/** Ends a probe: when the next one is due, and in which state. */
export async function endProbe(
  sql: Sql,
  claim: Claim,
  result: {
    state: ScheduleState
    failures: number
    probeFailures: number
    probeInMs: number | null
    /** The token is dead before its time: renew it now. */
    refreshNow: boolean
    /** Which generation was looked at; null: none. */
    generation: number | null
    /** What the provider said clearly of the grant; null, the default: nothing. */
    answer?: 'good' | 'refused' | null
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule
     set state = $5, failures = $6, probe_failures = $7,
         probe_at = now() + $8 * interval '1 millisecond',
         refresh_at = case when $9 and refresh_at is not null then least(refresh_at, now())
                      else refresh_at end,
         lease_owner = null, lease_until = null, attempt_id = null,
         probed_generation = $10::int, probed_at = now(),
         answered_at = case when $11::text is null then answered_at else now() end,
         refused_at = case $11 when 'good' then null when 'refused' then coalesce(refused_at, now())
                      else refused_at end
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [
      claim.tenantId,
      claim.connectionId,
      claim.epoch,
      claim.owner,
      result.state,
      result.failures,
      result.probeFailures,
      result.probeInMs,
      result.refreshNow,
      result.generation,
      result.answer ?? null,
    ],
  )
  return rows.length === 1
}

/**
 * Remembers that a connection is in use, so that it is looked at more often. One that was dormant is
 * renewed ahead of its expiry again, unless a pause of its refresh has a reason of its own.
 */
export async function recordUse(
  sql: Sql,
  row: {
    tenantId: string
    connectionId: string
    hotProbeInMs: number
    /** Milliseconds until a refresh is due now that it is in use; null: never. */
    refreshInMs: number | null
    dormantAfterMs: number
  },
): Promise<void> {
  await sql.query(
    `update refresh_schedule
     set read_at = now(), probe_at = least(probe_at, now() + $3 * interval '1 millisecond'),
         refresh_at = case
           when refresh_at is not null and state = 'idle' and last_outcome is distinct from 'not_sent'
             and (read_at is null or read_at <= now() - $5 * interval '1 millisecond')
           then least(refresh_at, now() + $4 * interval '1 millisecond')
           else refresh_at
         end
     where tenant_id = $1 and connection_id = $2
       and (read_at is null or read_at < now() - interval '10 minutes')`,
    [row.tenantId, row.connectionId, row.hotProbeInMs, row.refreshInMs, row.dormantAfterMs],
  )
}

export interface ScheduleView {
  state: ScheduleState
  /** Somebody is at it. */
  leased: boolean
  /** Milliseconds since its holder was heard of; null: nobody holds it. */
  heardAgoMs: number | null
  /** Milliseconds until it can be claimed if nothing more is heard of the holder. */
  freeInMs: number | null
  retryInMs: number | null
  /** Milliseconds since this generation was probed; null: it was not. */
  probedAgoMs: number | null
}

/** How a row stands, for a reader who waits for it. */
export async function findSchedule(
  sql: Sql,
  row: Pick<ReaderClaim, 'tenantId' | 'connectionId' | 'leaseMs' | 'silentMs'> & {
    generation: number
  },
): Promise<ScheduleView | undefined> {
  const [view] = await sql.query<ScheduleView>(
    `select u.state, coalesce(least(u.lease_until, ${heardAt} + ${silence}) >= now(), false) as leased,
            (extract(epoch from now() - ${heardAt}) * 1000)::float8 as "heardAgoMs",
            (extract(epoch from least(u.lease_until, ${heardAt} + ${silence}) - now()) * 1000)::float8 as "freeInMs",
            (extract(epoch from u.refresh_at - now()) * 1000)::float8 as "retryInMs",
            case when u.probed_generation = $4
              then (extract(epoch from now() - u.probed_at) * 1000)::float8
            end as "probedAgoMs"
     from refresh_schedule u where u.tenant_id = $1 and u.connection_id = $3`,
    [row.tenantId, row.leaseMs, row.connectionId, row.generation, row.silentMs],
  )
  return view
}

export async function deleteSchedule(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<void> {
  await sql.query('delete from refresh_schedule where tenant_id = $1 and connection_id = $2', [
    tenantId,
    connectionId,
  ])
}
