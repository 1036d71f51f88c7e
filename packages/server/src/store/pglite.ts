import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Database, Sql } from './database.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { PgliteThread } from './pglite-thread.ts'
import { type Scope, schemaOwner } from './scope.ts'
import { Semaphore } from './semaphore.ts'
import { runStatement, runTransaction } from './transaction.ts'

/** How long a statement waits for the one backend there is. */
const acquireTimeoutMs = 30_000

export interface PgliteOptions {
  /**
   * Folder of the database, made with mode 0700 when it is not there. Of one that is there, neither mode nor
   * owner is looked at: call `openPrivateFolder` before where other users are on the machine. `memory` keeps
   * nothing: no folder, no lock, no sync; for tests.
   */
  dataDir: string
  /** Path of an image from `bakeImage`. A new database starts from it; an existing one ignores it. */
  image?: string | undefined
  /** Start although a power loss would lose commits. Default false. */
  allowNonDurable?: boolean | undefined
}

/**
 * Opens the embedded database: Postgres in WASM, in a thread of its own, for one process on one
 * machine.
 *
 * @throws {FolderInUse} when another process has the folder
 * @throws when commits would not reach the disk there
 */
export async function openPglite(options: PgliteOptions): Promise<Database> {
  const { database } = await openEmbedded(options)
  return database
}

/** The same, and with it the way to copy the whole database into an image. */
export async function openEmbedded(
  options: PgliteOptions,
): Promise<{ database: Database; dump: () => Promise<Uint8Array> }> {
  const { image, allowNonDurable = false } = options
  const inMemory = options.dataDir === 'memory'
  const dataDir = inMemory ? 'memory' : resolve(options.dataDir)
  const lock = inMemory ? undefined : await makeAndLock(dataDir)
  try {
    const thread = await PgliteThread.start({ dataDir, image, allowNonDurable })
    return { database: new Pglite(thread, lock), dump: () => thread.dump() }
  } catch (error) {
    await lock?.release()
    throw error
  }
}

async function makeAndLock(dataDir: string): Promise<FolderLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  return await lockFolder(dataDir)
}

class Pglite implements Database {
  readonly kind = 'pglite'
  readonly #thread: PgliteThread
  readonly #lock: FolderLock | undefined
  /** There is one backend: a transaction has it from begin to commit, and other statements wait. */
  readonly #semaphore = new Semaphore(1)
  readonly #listeners = new Map<string, Set<(payload: string) => void>>()

  constructor(thread: PgliteThread, lock: FolderLock | undefined) {
    this.#thread = thread
    this.#lock = lock
    thread.onNotified = (channel, payload) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload)
    }
  }

  of(scope: Scope): Sql {
    return {
      query: (text, parameters) =>
        this.#semaphore.run(acquireTimeoutMs, () =>
          runStatement(this.#thread, scope, text, parameters),
        ),
    }
  }

  async transaction<Result>(scope: Scope, work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return await this.#semaphore.run(acquireTimeoutMs, () =>
      runTransaction(this.#thread, scope, work),
    )
  }

  async listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>> {
    const name = `"${channel.replaceAll('"', '""')}"`
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    await this.of(schemaOwner).query(`listen ${name}`)
    return async () => {
      listeners.delete(listener)
      if (listeners.size === 0) await this.of(schemaOwner).query(`unlisten ${name}`)
    }
  }

  async close(): Promise<void> {
    await this.#semaphore.run(acquireTimeoutMs, () => this.#thread.close())
    await this.#lock?.release()
  }
}
