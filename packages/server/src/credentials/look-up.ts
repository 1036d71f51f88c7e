import {
  type CredentialKey,
  type CredentialReadRow,
  findCredentials,
} from '../store/credentials.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'

/** Keys of one statement. */
const maxKeys = 100
/** Statements under way at once. Further reads gather for the next one. */
const maxStatements = 2

/** Finds the connections that a key names: usually one. */
export type LookUp = (key: CredentialKey) => Promise<CredentialReadRow[]>

interface Waiting {
  key: CredentialKey
  resolve: (rows: CredentialReadRow[]) => void
  reject: (reason: unknown) => void
}

/**
 * Reads that come at once share a statement, as after a deployment: those that arrive in one turn of the event
 * loop, and those that arrive while two statements are under way. A lone read does not wait. This is also the
 * bound of the connections that reads take from the pool.
 */
export function createLookUp(database: Database): LookUp {
  const waiting: Waiting[] = []
  let running = 0

  function start(): void {
    if (waiting.length === 0 || running >= maxStatements) return
    running += 1
    void answer(waiting.splice(0, maxKeys)).finally(() => {
      running -= 1
      start()
    })
  }

  /** Answers each of the group, and never rejects. */
  async function answer(group: readonly Waiting[]): Promise<void> {
    const keys = group.map(({ key }) => key)
    const tenantIds = [...new Set(keys.map(({ tenantId }) => tenantId))]
    try {
      const found = await findCredentials(database.of(tenantIds), keys)
      for (const [index, { resolve }] of group.entries()) resolve(found[index] ?? [])
    } catch (error) {
      // One key may have caused the error. Then the others must not fail with it.
      if (group.length === 1 || error instanceof DatabaseUnavailable) {
        for (const { reject } of group) reject(error)
      } else {
        for (const one of group) await answer([one])
      }
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject })
      if (waiting.length === 1) setImmediate(start)
    })
}
