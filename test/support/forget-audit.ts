import type { Database } from '@keywell/server'
import { lockChains } from '../../packages/server/src/store/audit-chain.ts'

/**
 * Takes everything out of the audit log, as if all that was written until now were older than it is kept.
 *
 * @param owner of the tables, see `openAsOwner`: nobody else can
 */
export async function forgetAudit(owner: Database): Promise<void> {
  await owner.transaction('@install', async (sql) => {
    await sql.query('set local session_replication_role = replica')
    await lockChains(sql)
    for (const table of ['tail', 'links', 'heads', 'heads_due', 'cuts']) {
      await sql.query(`delete from audit_${table}`)
    }
    await sql.query('delete from audit')
  })
}
