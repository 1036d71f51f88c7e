import { type Change, formatPosition, type Position } from '@keywell/protocol'
import type { ChangeRow } from '../store/changes.ts'
import { ofTenant } from '../store/connections.ts'

/** A change and its position in the log. */
export interface LogEntry {
  /** There is no change between this position and `position`. */
  after: Position
  position: Position
  change: Change
}

/** @param lastChange a position with no change between it and the first row */
export function toEntries(rows: readonly ChangeRow[], lastChange: Position): LogEntry[] {
  let after = lastChange
  return rows.map(({ xid, seq, at, ...row }) => {
    const position = { xid: BigInt(xid), seq: BigInt(seq), at: at.getTime() }
    const { tenantId, kind, connectionId } = row
    const subject =
      connectionId === null
        ? { tenantId, kind }
        : { ...row, userId: row.userId === ofTenant ? null : row.userId }
    const change = { ...subject, position: formatPosition(position), at: at.toISOString() }
    // The ids and the kind were checked when the connection was made and the change written.
    const entry: LogEntry = { after, position, change: change as Change }
    after = position
    return entry
  })
}
