import {
  type CredentialKey,
  type CredentialReadRow,
  findCredentials,
} from '../store/credentials.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'

/** Keys of one statement. */
const maxKeys = 100
/** Statements on their way at once; while so many are, readers gather for the next. */
const maxStatements = 2

/** Finds what a key names: usually one row. */
export type LookUp = (key: CredentialKey) => Promise<CredentialReadRow[]>

interface Waiting {
  key: CredentialKey
  resolve: (rows: CredentialReadRow[]) => void
  reject: (reason: unknown) => void
}

/**
 * Lets many readers share a statement when all at once ask, as they do after a deployment: those who
 * arrive in one turn of the event loop go together, and so do those who arrive while two statements are
 * on their way. A lone reader waits for nobody. That is also the bound of what reads may take of the pool.
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

  /** Answers everyone of the group, and never rejects itself. */
  async function answer(group: readonly Waiting[]): Promise<void> {
    const keys = group.map(({ key }) => key)
    const tenantIds = [...new Set(keys.map(({ tenantId }) => tenantId))]
    try {
      const found = await findCredentials(database.of(tenantIds), keys)
      for (const [index, { resolve }] of group.entries()) resolve(found[index] ?? [])
    } catch (error) {
      // A statement that was refused may be one reader's fault; nobody pays for another's.
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
