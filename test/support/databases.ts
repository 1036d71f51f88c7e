import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, inject } from 'vitest'
import { openPglite } from '../../packages/server/src/store/pglite.ts'
import type {} from './global-setup.ts' // what is provided, for `inject`
import { inspected, openCreated, type TestDatabase } from './inspected.ts'
import { type CreatedDatabase, copyDatabase } from './migrated.ts'

export type { CreatedDatabase }

const root = fileURLToPath(new URL('../../', import.meta.url))
const enginePath = join(root, 'node_modules/@electric-sql/pglite/dist/pglite.wasm')

/**
 * Runs the suite on both databases. `makeDatabase` gives a fresh, migrated one, closed and dropped
 * after the suite. Call it once per file, in `beforeAll`: the embedded one is a thread and 400 MB.
 *
 * ```ts
 * describeEachDatabase('connections', (makeDatabase) => {
 *   let database: TestDatabase
 *   beforeAll(async () => {
 *     database = await makeDatabase()
 *   })
 *   test('…', async () => { await database.query('…') })
 * })
 * ```
 */
export function describeEachDatabase(
  name: string,
  suite: (makeDatabase: () => Promise<TestDatabase>) => void,
): void {
  describe(`${name} (Postgres)`, () => suite(useMaker(makePostgres)))
  describe(`${name} (PGlite)`, () => suite(useMaker(makePglite)))
}

interface Made {
  database: TestDatabase
  remove(): Promise<void>
}

function useMaker(make: () => Promise<Made>): () => Promise<TestDatabase> {
  const all: Made[] = []
  afterAll(async () => {
    for (const { remove } of all) await remove()
  })
  return async () => {
    const made = await make()
    all.push(made)
    return made.database
  }
}

async function makePostgres(): Promise<Made> {
  const created = await createDatabase()
  const database = await openCreated(created, { poolSize: 5 })
  const remove = async () => {
    await database.close()
    await created.drop()
  }
  return { database, remove }
}

async function makePglite(): Promise<Made> {
  const database = await openEmbedded()
  return { database, remove: () => database.close() }
}

const held: WebAssembly.Module[] = []

/**
 * Keeps the compiled code of the embedded database while its process lives. Databases of one process share it, and it
 * gets faster as it runs; each would begin with its own.
 */
export async function holdEngine(): Promise<void> {
  if (held.length === 0) held.push(await WebAssembly.compile(await readFile(enginePath)))
}

/** A fresh embedded one in memory. */
export async function openEmbedded(): Promise<TestDatabase> {
  await holdEngine()
  const database = await openPglite({ dataDir: 'memory', image: inject('pgliteImage') })
  // It has one session, and that is its owner's.
  return inspected(database, database)
}

/** Makes a database on the run's server: a copy of the migrated one, or `empty`. */
export async function createDatabase(options: { empty?: boolean } = {}): Promise<CreatedDatabase> {
  const template = options.empty ? 'template0' : inject('postgresTemplate')
  return copyDatabase(inject('postgresUrl'), template)
}
