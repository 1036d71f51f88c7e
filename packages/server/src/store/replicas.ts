import type { Sql } from './database.ts'

/** This replica lives, by the database's clock, and holds these root keys; the first one wraps. */
export async function recordHeartbeat(
  sql: Sql,
  replicaId: string,
  rootKeyIds: readonly string[],
): Promise<void> {
  await sql.query(
    `insert into replicas (tenant_id, replica_id, root_key_ids)
     values ('@install', $1::uuid, $2::text[])
     on conflict (tenant_id, replica_id)
       do update set seen_at = now(), root_key_ids = excluded.root_key_ids`,
    [replicaId, rootKeyIds],
  )
}

/** The root keys of each replica that was seen within the time; null: it does not say. */
export async function listRootKeysOfReplicas(
  sql: Sql,
  withinMs: number,
): Promise<(string[] | null)[]> {
  const rows = await sql.query<{ rootKeyIds: string[] | null }>(
    `select root_key_ids as "rootKeyIds" from replicas
     where tenant_id = '@install' and seen_at > now() - $1 * interval '1 millisecond'`,
    [withinMs],
  )
  return rows.map(({ rootKeyIds }) => rootKeyIds)
}

/** Replicas that sent a heartbeat within the time, the calling one included. */
export async function countLiveReplicas(sql: Sql, withinMs: number): Promise<number> {
  const rows = await sql.query(
    `select replica_id from replicas
     where tenant_id = '@install' and seen_at > now() - $1 * interval '1 millisecond'`,
    [withinMs],
  )
  return rows.length
}

/** A replica that stops in peace; the others need not wait until it counts as gone. */
export async function removeReplica(sql: Sql, replicaId: string): Promise<void> {
  await sql.query(`delete from replicas where tenant_id = '@install' and replica_id = $1::uuid`, [
    replicaId,
  ])
}

/** Replicas that ended without a word, each of which leaves a row. */
export async function deleteLostReplicas(sql: Sql, unseenMs: number): Promise<void> {
  await sql.query(
    `delete from replicas
     where tenant_id = '@install' and seen_at < now() - $1 * interval '1 millisecond'`,
    [unseenMs],
  )
}
