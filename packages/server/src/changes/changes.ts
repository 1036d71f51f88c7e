import type { ChangeKind } from '@keywell/protocol'
import { insertChange } from '../store/changes.ts'
import type { Sql } from '../store/database.ts'

/** What a change is about, as it stands after the change. A row of `connections` fits. */
export interface ChangedConnection {
  tenantId: string
  id: string
  userId: string
  provider: string
  host: string
  name: string
  generation: number
}

/**
 * Writes a change in the transaction of the thing that it tells of, so that neither is ever there
 * without the other. Readers are woken when that transaction commits.
 */
export async function writeChange(
  sql: Sql,
  change: { kind: ChangeKind; connection: ChangedConnection },
): Promise<void> {
  const { id, ...rest } = change.connection
  await insertChange(sql, { ...rest, kind: change.kind, connectionId: id })
}
