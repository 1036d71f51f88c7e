import { type After, createLoop } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { deleteOldChanges } from '../store/changes.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'

/** Rows of one statement, so that none holds its locks for long. */
const deletePage = 5_000
/** How often old changes are deleted. */
export const trimEveryMs = 3_600_000
/**
 * Rows are kept for this much longer than positions are honoured: a row's time is when its transaction
 * began, and it may have become visible only later.
 */
const marginMs = 3_600_000

/** Keeps the change log from growing for ever. Any number of replicas may do so at once. */
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
      logger.warn({ reason: String(error) }, 'old changes could not be deleted; tried again later')
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
