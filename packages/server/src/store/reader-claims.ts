import type { Sql } from './database.ts'
import { type Claim, claimColumns, takeClaims, underIncident } from './refresh-claim.ts'
import type { ScheduleState } from './refresh-schedule.ts'

/*
 * A reader's claim waits for the lock of its row, which another claim holds until it is committed. A claim that
 * skipped the locked row would leave the reader with the row as it was before: free, with nothing to wait for.
 */

/** What a reader names to claim a row. */
export interface ReaderClaim {
  tenantId: string
  connectionId: string
  owner: string
  leaseMs: number
  /**
   * A holder that was silent for so long is gone: its row can be claimed before its lease ends. Null: only the end
   * of the lease frees the row.
   */
  silentMs: number | null
}

/** When the holder of a row was last seen: by its heartbeat, or by the lease, which lasts `$2`. */
const lastSeenAt = `greatest(u.lease_until - $2 * interval '1 millisecond',
    (select r.seen_at from replicas r where r.tenant_id = '@install' and r.replica_id = u.lease_owner))`

/** The silence after which a holder is gone; null: it never is. To be added to `lastSeenAt`. */
const silence = `$5::float8 * interval '1 millisecond'`

/**
 * Claims one connection whose refresh is due, or whose token has ended while nothing was wrong. A row that
 * another process holds, that backs off, that was released without being sent, or whose integration is
 * suspended cannot be claimed: a read must not bypass any of these.
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
         and coalesce(least(u.lease_until, ${lastSeenAt} + ${silence}) < now(), true)
         and u.integration_id not in (select id from integrations where suspended_at is not null)
         and not ${underIncident}
       for update of u
     )
     ${takeClaims} returning ${claimColumns}`,
    [row.owner, row.leaseMs, row.tenantId, row.connectionId, row.silentMs],
  )
  return claim
}

/**
 * Claims one connection for a probe of the generation that the provider refused to a caller. It cannot be
 * claimed while another process holds it, when its refresh is due anyway, and when that generation was
 * probed less than `pauseMs` ago. A token without a refresh token that one probe found inactive waits for
 * its second probe.
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
         and coalesce(least(u.lease_until, ${lastSeenAt} + ${silence}) < now(), true)
         and coalesce(u.probed_generation <> $6
           or u.probed_at < now() - $7 * interval '1 millisecond', true)
         and not ${underIncident}
       for update of u
     )
     ${takeClaims} returning ${claimColumns}`,
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

export interface ScheduleView {
  state: ScheduleState
  /** A process holds it. */
  leased: boolean
  /** Milliseconds since its holder was last seen; null: no process holds it. */
  seenAgoMs: number | null
  /** Milliseconds until it can be claimed if its holder stays silent. */
  freeInMs: number | null
  retryInMs: number | null
  /** Milliseconds since this generation was probed; null: it was not. */
  probedAgoMs: number | null
}

/** The state of a row, for a reader that waits for it. */
export async function findSchedule(
  sql: Sql,
  row: Pick<ReaderClaim, 'tenantId' | 'connectionId' | 'leaseMs' | 'silentMs'> & {
    generation: number
  },
): Promise<ScheduleView | undefined> {
  const [view] = await sql.query<ScheduleView>(
    `select u.state, coalesce(least(u.lease_until, ${lastSeenAt} + ${silence}) >= now(), false) as leased,
            (extract(epoch from now() - ${lastSeenAt}) * 1000)::float8 as "seenAgoMs",
            (extract(epoch from least(u.lease_until, ${lastSeenAt} + ${silence}) - now()) * 1000)::float8 as "freeInMs",
            (extract(epoch from u.refresh_at - now()) * 1000)::float8 as "retryInMs",
            case when u.probed_generation = $4
              then (extract(epoch from now() - u.probed_at) * 1000)::float8
            end as "probedAgoMs"
     from refresh_schedule u where u.tenant_id = $1 and u.connection_id = $3`,
    [row.tenantId, row.leaseMs, row.connectionId, row.generation, row.silentMs],
  )
  return view
}
