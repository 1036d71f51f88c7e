import type { Sql } from './database.ts'

export interface TenantPolicyRow {
  /** As it was stored, perhaps by another version. */
  policy: unknown
  updatedAt: Date
}

export async function findTenantPolicy(
  sql: Sql,
  tenantId: string,
): Promise<TenantPolicyRow | undefined> {
  const [row] = await sql.query<TenantPolicyRow>(
    `select policy, updated_at as "updatedAt" from tenant_policies where tenant_id = $1`,
    [tenantId],
  )
  return row
}

/** Takes the place of the one before, if there was one. */
export async function putTenantPolicy(
  sql: Sql,
  tenantId: string,
  policy: object,
): Promise<{ updatedAt: Date }> {
  const [put] = await sql.query<{ updatedAt: Date }>(
    `insert into tenant_policies (tenant_id, policy) values ($1, $2::jsonb)
     on conflict (tenant_id) do update set policy = excluded.policy, updated_at = now()
     returning updated_at as "updatedAt"`,
    [tenantId, JSON.stringify(policy)],
  )
  if (put === undefined) throw new Error('insert returned no row')
  return put
}

/** False: there was none. */
export async function deleteTenantPolicy(sql: Sql, tenantId: string): Promise<boolean> {
  const rows = await sql.query(
    'delete from tenant_policies where tenant_id = $1 returning tenant_id',
    [tenantId],
  )
  return rows.length === 1
}
