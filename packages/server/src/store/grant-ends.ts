import type { Sql } from './database.ts'

interface Key {
  tenantId: string
  connectionId: string
}

/** Connections of all tenants whose grants come to their end soon, and of which that has to be announced. */
export async function findEndsSoon(sql: Sql, limit: number): Promise<Key[]> {
  return sql.query<Key>(
    `select tenant_id as "tenantId", connection_id as "connectionId" from refresh_schedule
     where ends_soon_at <= now() and state <> 'dead' order by ends_soon_at limit $1`,
    [limit],
  )
}

/** Plans the next announcement, if there is one. False: this one is not due any more. */
export async function passEndsSoon(sql: Sql, { tenantId, connectionId }: Key): Promise<boolean> {
  const rows = await sql.query(
    `update refresh_schedule
     set ends_soon_at = case
       when grant_ends_at > now() + interval '3 days' then grant_ends_at - interval '3 days'
     end
     where tenant_id = $1 and connection_id = $2 and ends_soon_at <= now()
     returning connection_id`,
    [tenantId, connectionId],
  )
  return rows.length === 1
}
