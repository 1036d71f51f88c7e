import { writeChange } from '../changes/changes.ts'
import { findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { findEndsSoon, passEndsSoon } from '../store/grant-ends.ts'
import { everyTenant, withInstallation } from '../store/scope.ts'

/** Connections that are announced in one sweep at most. */
const maxAnnounced = 500

/** Announces grants that come to their end soon, whatever is done with them: their users have to connect again. */
export async function announceEnds(database: Database): Promise<void> {
  for (const due of await findEndsSoon(database.of(everyTenant), maxAnnounced)) {
    await database.transaction(withInstallation(due.tenantId), async (sql) => {
      // Of several replicas one announces it.
      if (!(await passEndsSoon(sql, due))) return
      const connection = await findConnection(sql, due.tenantId, due.connectionId)
      if (connection?.status !== 'active') return
      await writeChange(sql, { kind: 'ends_soon', connection })
    })
  }
}
