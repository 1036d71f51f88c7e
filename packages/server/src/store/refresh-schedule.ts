import type { Sql } from './database.ts'

export type ScheduleState = 'idle' | 'refreshing' | 'backoff' | 'ambiguous' | 'suspect' | 'dead'

/** Schedules a connection that is new, or connected again. */
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
    /** Milliseconds until the grant ends, and until that is announced; null: no end is known. */
    grantEndsInMs: number | null
    endsSoonInMs: number | null
    generation: number
  },
): Promise<void> {
  await sql.query(
    `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at, probe_at,
       connected_generation, read_at, answered_at, grant_ends_at, ends_soon_at)
     values ($1, $2, $3, $4, 'idle', now() + $5 * interval '1 millisecond',
       now() + $6 * interval '1 millisecond', $7, now(), now(),
       now() + $8 * interval '1 millisecond', now() + $9 * interval '1 millisecond')
     on conflict (tenant_id, connection_id) do update
     set integration_id = excluded.integration_id, host = excluded.host, state = 'idle',
         refresh_at = excluded.refresh_at, probe_at = excluded.probe_at, read_at = now(),
         connected_generation = excluded.connected_generation,
         epoch = refresh_schedule.epoch + 1, lease_owner = null, lease_until = null, attempt_id = null,
         unresolved_since = null, failures = 0, probe_failures = 0, last_outcome = 'connected',
         answered_at = now(), refused_at = null, grant_ends_at = excluded.grant_ends_at,
         ends_soon_at = excluded.ends_soon_at`,
    [
      row.tenantId,
      row.connectionId,
      row.integrationId,
      row.host,
      row.refreshInMs,
      row.probeInMs,
      row.generation,
      row.grantEndsInMs,
      row.endsSoonInMs,
    ],
  )
}

/**
 * Records that a connection is in use, so that it is probed more often. One that was dormant is renewed
 * ahead of its expiry again, unless its refresh is paused for another reason.
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
     set read_at = now(), used_at = now(), probe_at = least(probe_at, now() + $3 * interval '1 millisecond'),
         refresh_at = case
           when refresh_at is not null and state = 'idle' and last_outcome is distinct from 'not_sent'
             and (read_at is null or read_at <= now() - $5 * interval '1 millisecond')
           then least(refresh_at, now() + $4 * interval '1 millisecond')
           else refresh_at
         end
     where tenant_id = $1 and connection_id = $2
       and (used_at is null or used_at < now() - interval '10 minutes')`,
    [row.tenantId, row.connectionId, row.hotProbeInMs, row.refreshInMs, row.dormantAfterMs],
  )
}

/** Something happened at the provider by which the grant may have ended. */
export async function probeSoon(
  sql: Sql,
  { tenantId, connectionId }: { tenantId: string; connectionId: string },
): Promise<void> {
  await sql.query(
    `update refresh_schedule set probe_at = least(probe_at, now())
     where tenant_id = $1 and connection_id = $2 and state <> 'dead'`,
    [tenantId, connectionId],
  )
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
