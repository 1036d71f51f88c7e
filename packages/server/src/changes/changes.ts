import type { ChangeKind } from '@keywell/protocol'
import { insertChange, insertTenantChange } from '../store/changes.ts'
import type { Sql } from '../store/database.ts'
import { insertDeliveries } from '../store/webhook-deliveries.ts'
import { messageOf, type TellableConnection } from './webhooks/message.ts'

/** What a change is about, as it stands after the change. A row of `connections` fits. */
export type ChangedConnection = TellableConnection

/**
 * Writes a change, and what webhooks tell of it, in the transaction of the thing that it tells of, so
 * that none is ever there without the others. Readers are woken when that transaction commits.
 */
export async function writeChange(
  sql: Sql,
  change: { kind: ChangeKind; connection: ChangedConnection },
): Promise<void> {
  const { kind, connection } = change
  // Sent together: the second costs no round trip of its own.
  await Promise.all([
    insertChange(sql, { ...connection, kind, connectionId: connection.id }),
    insertDeliveries(sql, messageOf(kind, connection)),
  ])
}

/** Writes that a tenant may do other things from now on, in the transaction that makes it so. */
export async function writePolicyChange(sql: Sql, tenantId: string): Promise<void> {
  await insertTenantChange(sql, { tenantId, kind: 'policy' })
}
