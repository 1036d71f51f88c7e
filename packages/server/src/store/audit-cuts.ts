import type { CutRow } from './audit-walk.ts'
import type { Sql } from './database.ts'

/** One page of cuts, of all chains, that are not sealed with a version, in the order of their chains. */
export async function listCutsToReseal(
  sql: Sql,
  page: { exceptVersion: number; after: { tenantId: string; position: number }; limit: number },
): Promise<CutRow[]> {
  return sql.query<CutRow>(
    `select tenant_id as "tenantId", position::float8 as position, link, at,
       mac_version as "macVersion", mac
     from audit_cuts
     where mac_version <> $1 and (tenant_id, position) > ($2, $3::bigint)
     order by tenant_id, position limit $4`,
    [page.exceptVersion, page.after.tenantId, page.after.position, page.limit],
  )
}

/**
 * Puts another MAC on a cut, if it still has the one that was read. Only inside of a transaction that has
 * the lock of the chains.
 */
export async function resealCut(
  sql: Sql,
  cut: Pick<CutRow, 'tenantId' | 'position' | 'mac'>,
  next: { macVersion: number; mac: Uint8Array },
): Promise<boolean> {
  await sql.query("select set_config('app.audit_retention', 'on', true)")
  const resealed = await sql.query(
    `with old as (
       delete from audit_cuts where tenant_id = $1 and position = $2::bigint and mac = $3
       returning tenant_id, position, link, at
     )
     insert into audit_cuts (tenant_id, position, link, at, mac_version, mac)
     select tenant_id, position, link, at, $4::int, $5::bytea from old
     returning position`,
    [cut.tenantId, cut.position, cut.mac, next.macVersion, next.mac],
  )
  await sql.query("select set_config('app.audit_retention', '', true)")
  return resealed.length === 1
}
