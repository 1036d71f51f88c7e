import type { Sql } from './database.ts'

/** A refresh ahead of its time, of one connection. */
export interface ForcedRefresh {
  tenantId: string
  connectionId: string
  /** Only of a credential of this generation. */
  generation: number
  /** Between two of them. */
  everyMs: number
}

/**
 * Makes a refresh due now. False: a process holds the row, it waits for something, its integration is suspended, its
 * provider has an incident, the generation has moved, or one was asked for a moment ago. None of these is bypassed.
 */
export async function forceRefresh(sql: Sql, row: ForcedRefresh): Promise<boolean> {
  const forced = await sql.query(
    `update refresh_schedule u set refresh_at = least(u.refresh_at, now()), forced_at = now()
     where u.tenant_id = $1 and u.connection_id = $2 and u.state = 'idle'
       and u.last_outcome is distinct from 'not_sent'
       and coalesce(u.lease_until < now(), true)
       and coalesce(u.forced_at <= now() - $4 * interval '1 millisecond', true)
       and u.integration_id not in (select id from integrations where suspended_at is not null)
       and not exists (select from provider_incidents p
         where p.integration_id = u.integration_id and p.host = u.host and p.confirmed_at is null
           and p.tenant_id in (u.tenant_id, '@install'))
       and exists (select from credentials k
         where k.tenant_id = u.tenant_id and k.connection_id = u.connection_id and k.generation = $3)
     returning u.connection_id`,
    [row.tenantId, row.connectionId, row.generation, row.everyMs],
  )
  return forced.length === 1
}

/** Milliseconds until the next one can be asked for; null: at once. */
export async function findForcedWait(
  sql: Sql,
  row: Omit<ForcedRefresh, 'generation'>,
): Promise<number | null> {
  const [found] = await sql.query<{ waitMs: number }>(
    `select ($3 - extract(epoch from now() - forced_at) * 1000)::float8 as "waitMs"
     from refresh_schedule
     where tenant_id = $1 and connection_id = $2 and forced_at > now() - $3 * interval '1 millisecond'`,
    [row.tenantId, row.connectionId, row.everyMs],
  )
  return found === undefined ? null : Math.max(1, Math.ceil(found.waitMs))
}
