import { type After, createLoop } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { deleteOldChanges } from '../store/changes.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'

/** Rows of one statement, so that none holds its locks for long. */
const deletePage = 5_000
/** How often old changes are deleted, in milliseconds. */
export const trimEveryMs = 3_600_000
/**
 * Rows are kept for this much longer than positions: the time of a row is the beginning of its transaction,
 * and the row may have become visible much later.
 */
const marginMs = 3_600_000

/** Deletes changes that are too old to be read. Any number of replicas may do so at once. */
export function createRetention(options: {
  database: Database
  logger: Logger
  after: After
  retentionMs: number
}): { start(): void; stop(): Promise<void> } {
  const { database, logger } = options
  const olderThanMs = options.retentionMs + marginMs
  let stopped = false

  async function trim(): Promise<void> {
    try {
      let deleted: number
      do {
        deleted = await deleteOldChanges(database.of(everyTenant), {
          olderThanMs,
          limit: deletePage,
        })
      } while (deleted === deletePage && !stopped)
    } catch (error) {
      logger.warn({ reason: String(error) }, 'change retention failed')
    }
  }

  const loop = createLoop(trim, trimEveryMs, options.after)
  return {
    start: loop.start,
    async stop() {
      stopped = true
      await loop.stop()
    },
  }
}
