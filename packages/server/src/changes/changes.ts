import type { ChangeKind } from '@keywell/protocol'
import type { FieldsOf } from '../logger.ts'
import { insertChange, insertTenantChange } from '../store/changes.ts'
import type { Sql } from '../store/database.ts'
import { insertDeliveries } from '../store/webhook-deliveries.ts'
import { type MessageConnection, messageOf } from './webhooks/message.ts'

/** The connection of a change, in its state after the change. A row of `connections` fits. */
export type ChangedConnection = MessageConnection

/**
 * Writes a change and its webhook messages in the transaction of what changed, so that all of them are
 * committed or none. Readers are woken when that transaction commits.
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

/** For the log. */
export function describeConnection(
  connection: ChangedConnection,
): FieldsOf<'connection connected'> {
  const { tenantId, id: connectionId, provider, host, generation } = connection
  return { tenantId, connectionId, provider, host, generation }
}

/** Writes that the policy of a tenant changed, in the transaction that changes it. */
export async function writePolicyChange(sql: Sql, tenantId: string): Promise<void> {
  await insertTenantChange(sql, { tenantId, kind: 'policy' })
}

/** Writes that definitions of an owner changed, a tenant or the installation, in the transaction that changes them. */
export async function writeProvidersChange(sql: Sql, owner: string): Promise<void> {
  await insertTenantChange(sql, { tenantId: owner, kind: 'providers' })
}
