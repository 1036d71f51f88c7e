import type { Audit } from '../audit/audit.ts'
import { messageOfApproval } from '../changes/webhooks/message.ts'
import { findExpiredApprovals, passExpiredApproval } from '../store/approvals.ts'
import type { Database } from '../store/database.ts'
import { everyTenant, withInstallation } from '../store/scope.ts'
import { insertDeliveries } from '../store/webhook-deliveries.ts'

/** Approvals that are reported in one sweep at most. */
const maxReported = 500

/** Reports calls that nobody has decided in time, each once. */
export async function reportExpiredApprovals(
  database: Database,
  audit: Pick<Audit, 'write'>,
): Promise<void> {
  for (const due of await findExpiredApprovals(database.of(everyTenant), maxReported)) {
    await database.transaction(withInstallation(due.tenantId), async (sql) => {
      // Of several replicas one reports it.
      const row = await passExpiredApproval(sql, due)
      if (row === undefined) return
      const { tenantId, userId, connectionId, tool: reason } = row
      const entry = { tenantId, userId, connectionId, actor: 'service', reason }
      await audit.write(sql, { ...entry, action: 'approval.expire', result: 'ok' })
      await insertDeliveries(sql, messageOfApproval('tool.approval_expired', row))
    })
  }
}
