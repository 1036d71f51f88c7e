import type { Sql } from './database.ts'
import type { Claim } from './refresh-claim.ts'
import type { ScheduleState } from './refresh-schedule.ts'

/** When work on a connection is due, in milliseconds from now; null: never. */
export interface NextDue {
  refreshInMs: number | null
  probeInMs: number | null
}

/** A backend has read the credential within `$9`. */
const isInUse = `read_at > now() - $9 * interval '1 millisecond'`

/** Answers name an end in seconds from now. Within a day it is the one that was known, and announced once. */
const isSameEnd = `abs(extract(epoch from grant_ends_at - now()) - $10::float8 / 1000) < 86400`

/**
 * Records a success. It counts by the generation, whichever process holds the lease. Whether the connection
 * is in use or dormant is decided by the row as it is now: it may have been read while the request was on its way.
 */
export async function recordSuccess(
  sql: Sql,
  row: {
    tenantId: string
    connectionId: string
    inUse: NextDue
    dormant: NextDue
    /** A connection that was not read for so long is dormant. */
    dormantAfterMs: number
    /** Of the claim that brought it. */
    epoch: string
    /** Milliseconds until the grant ends, and until that is announced; null: no end is known. */
    grantEndsInMs: number | null
    endsSoonInMs: number | null
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
         grant_ends_at = case when ${isSameEnd} then grant_ends_at
                         else now() + $10 * interval '1 millisecond' end,
         ends_soon_at = case when ${isSameEnd} then ends_soon_at
                        else now() + $11 * interval '1 millisecond' end,
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
      row.grantEndsInMs,
      row.endsSoonInMs,
    ],
  )
}

/**
 * Ends an attempt that brought no new pair. It writes only while the lease is ours, so that it never undoes
 * what a later holder found out. False: another process holds the row.
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
    /** The outcome of the attempt, or of one before it, is not known. */
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
    /** The token is inactive before its time: renew it now. */
    refreshNow: boolean
    /** The generation that was probed; null: none. */
    generation: number | null
    /** What the provider said clearly of the grant; null, the default: nothing. */
    answer?: 'good' | 'refused' | null
  },
): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule
     set state = $5, failures = $6, probe_failures = $7,
         probe_at = now() + $8 * interval '1 millisecond',
         -- What is never renewed by the clock has no time yet.
         refresh_at = case when $9 then least(refresh_at, now()) else refresh_at end,
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
