import { KeywellError } from '@keywell/protocol'
import { type ApiKeyRow, findApiKeys } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'

/** Ids of one statement. */
const maxIds = 200
/** Ids that wait for the next statements; far more than a process is sent in the time of one. */
const maxWaiting = 5_000
const retryAfterMs = 1_000

interface Waiting {
  id: string
  resolve: (row: ApiKeyRow | undefined) => void
  reject: (reason: unknown) => void
}

/**
 * Looks API keys up by their ids, with one statement at a time: look-ups that come while it runs share the
 * next one. So a flood of made-up keys cannot ask the database for more than that, and a right key among
 * them is found all the same. The first look-up does not wait.
 */
export function createKeyLookUp(
  database: Database,
): (id: string) => Promise<ApiKeyRow | undefined> {
  const waiting: Waiting[] = []
  let isRunning = false

  function start(): void {
    if (isRunning || waiting.length === 0) return
    isRunning = true
    void answer(waiting.splice(0, maxIds)).finally(() => {
      isRunning = false
      start()
    })
  }

  /** Answers each of the group, and never rejects itself. */
  async function answer(group: readonly Waiting[]): Promise<void> {
    try {
      const ids = [...new Set(group.map(({ id }) => id))]
      const rows = await findApiKeys(database.of(installation), ids)
      const byId = new Map(rows.map((row) => [row.id, row]))
      for (const { id, resolve } of group) resolve(byId.get(id))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return (id) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) {
        return reject(
          new KeywellError('unavailable', 'Too many API keys are being looked up.', {
            retryAfterMs,
          }),
        )
      }
      waiting.push({ id, resolve, reject })
      start()
    })
}
