import type { AuditEntry } from '../audit/audit.ts'
import type { CredentialReadRow } from '../store/credentials.ts'

/** The audit entry of a connection's refresh, which the service itself does. */
export function auditEntryOf(row: CredentialReadRow): Omit<AuditEntry, 'result'> {
  return {
    tenantId: row.tenantId,
    userId: row.userId,
    connectionId: row.id,
    generation: row.generation,
    actor: 'service',
    action: 'connection.refresh',
  }
}
