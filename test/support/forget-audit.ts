import { lockChains } from '../../packages/server/src/store/audit-chain.ts'
import type { TestDatabase } from './inspected.ts'
import { schemaOwner } from './scopes.ts'

/** Takes everything out of the audit log, as if all that was written until now were older than it is kept. */
export async function forgetAudit({ owner }: Pick<TestDatabase, 'owner'>): Promise<void> {
  await owner.transaction(schemaOwner, async (sql) => {
    await sql.query('set local session_replication_role = replica')
    await lockChains(sql)
    for (const table of ['tail', 'chain', 'heads', 'heads_due', 'cuts']) {
      await sql.query(`delete from audit_${table}`)
    }
  })
}
