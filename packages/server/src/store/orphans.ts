import type { Sql } from './database.ts'

/** A pair that came when the generation had moved on. */
export interface OrphanRow {
  tenantId: string
  connectionId: string
  attemptId: string
  /** That it was sealed for. */
  generation: number
  keyVersion: number
  sealed: Uint8Array
}

export async function insertOrphan(sql: Sql, row: OrphanRow): Promise<void> {
  await sql.query(
    `insert into orphans (tenant_id, connection_id, attempt_id, generation, key_version, sealed)
     values ($1, $2, $3::uuid, $4, $5, $6)
     on conflict do nothing`,
    [row.tenantId, row.connectionId, row.attemptId, row.generation, row.keyVersion, row.sealed],
  )
}

/** The youngest pair of a connection that is still kept. */
export async function findOrphan(
  sql: Sql,
  tenantId: string,
  connectionId: string,
): Promise<OrphanRow | undefined> {
  const [row] = await sql.query<OrphanRow>(
    `select tenant_id as "tenantId", connection_id as "connectionId", attempt_id as "attemptId",
            generation, key_version as "keyVersion", sealed
     from orphans
     where tenant_id = $1 and connection_id = $2 and created_at > now() - interval '24 hours'
     order by created_at desc limit 1`,
    [tenantId, connectionId],
  )
  return row
}

export async function deleteOrphan(sql: Sql, row: OrphanRow): Promise<void> {
  await sql.query(
    'delete from orphans where tenant_id = $1 and connection_id = $2 and attempt_id = $3::uuid',
    [row.tenantId, row.connectionId, row.attemptId],
  )
}

/** Of all tenants: after a day they are not needed. */
export async function deleteOldOrphans(sql: Sql): Promise<void> {
  await sql.query("delete from orphans where created_at < now() - interval '24 hours'")
}
