import type { AuditEntry } from '../audit/audit.ts'
import type { CredentialReadRow } from '../store/credentials.ts'

/** Who did what to which connection, where the service itself is who. */
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
