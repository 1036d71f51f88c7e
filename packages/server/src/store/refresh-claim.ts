import type { Sql } from './database.ts'
import type { ScheduleState } from './refresh-schedule.ts'

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
  /** For how long every clear answer of the provider has been a refusal; null: the last one was good. */
  refusedForMs: number | null
  /** Time since the last of these refusals; null: there was none, or a good answer came after it. */
  lastRefusedForMs: number | null
  /** Time since a backend read the credential; null: never. */
  readAgoMs: number | null
  /** How late the work is begun. */
  lateMs: number
}

/** What a claim answers with: the row after the claim, and what it was before (`due`). */
export const claimColumns = `u.tenant_id as "tenantId", u.connection_id as "connectionId", u.epoch,
  u.attempt_id as "attemptId", u.lease_owner as owner, due.refresh_due as "refreshDue",
  due.state as "previousState", u.failures, u.probe_failures as "probeFailures",
  (extract(epoch from now() - due.unresolved_since) * 1000)::float8 as "unresolvedForMs",
  (extract(epoch from now() - u.refused_at) * 1000)::float8 as "refusedForMs",
  (extract(epoch from now() - case when u.refused_at is not null then u.answered_at end) * 1000)::float8
    as "lastRefusedForMs",
  (extract(epoch from now() - u.read_at) * 1000)::float8 as "readAgoMs",
  (extract(epoch from now() - u.due_at) * 1000)::float8 as "lateMs"`

/** Intent, lease and epoch in one statement, for the rows that the query `due` before it has locked. */
export const takeClaims = `update refresh_schedule u
  set state = case when due.refresh_due then 'refreshing' else u.state end, epoch = u.epoch + 1,
      refresh_at = case when due.refresh_due then least(u.refresh_at, now()) else u.refresh_at end,
      lease_owner = $1::uuid, lease_until = now() + $2 * interval '1 millisecond',
      attempt_id = gen_random_uuid(),
      unresolved_since = case when due.refresh_due then coalesce(u.unresolved_since, now())
                         else u.unresolved_since end
  from due
  where u.tenant_id = due.tenant_id and u.connection_id = due.connection_id`

/** An incident of its provider covers the row. Then only `claimHeld` claims it. */
export const underIncident = `exists (select from provider_incidents p
    where p.integration_id = u.integration_id and p.host = u.host and p.confirmed_at is null
      and p.tenant_id in (u.tenant_id, '@install'))`

/** Holds a claim for longer, while a request is open. False: another process has claimed the row since. */
export async function extendLease(sql: Sql, claim: Claim, leaseMs: number): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule set lease_until = now() + $5 * interval '1 millisecond'
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [claim.tenantId, claim.connectionId, claim.epoch, claim.owner, leaseMs],
  )
  return rows.length === 1
}

/** A probe has shown that the earlier attempt had no effect. The next request begins an indeterminate time of its own. */
export async function restartIndeterminate(sql: Sql, claim: Claim): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule set unresolved_since = now()
     where tenant_id = $1 and connection_id = $2 and epoch = $3::bigint and lease_owner = $4::uuid
     returning epoch`,
    [claim.tenantId, claim.connectionId, claim.epoch, claim.owner],
  )
  return rows.length === 1
}
