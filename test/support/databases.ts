import { randomBytes } from 'node:crypto'
import { afterAll, describe, inject } from 'vitest'
import type { Database } from '../../packages/server/src/store/database.ts'
import { openPglite } from '../../packages/server/src/store/pglite.ts'
import { openPostgres } from '../../packages/server/src/store/postgres.ts'
import type {} from './global-setup.ts' // what is provided, for `inject`
import { runStatement } from './migrated.ts'
import { appRole, withDatabase } from './postgres.ts'

/**
 * Runs the suite on both databases. `makeDatabase` gives a fresh, migrated one, closed and dropped
 * after the suite. Call it once per file, in `beforeAll`: the embedded one is a thread and 400 MB.
 *
 * ```ts
 * describeEachDatabase('connections', (makeDatabase) => {
 *   let database: Database
 *   beforeAll(async () => {
 *     database = await makeDatabase()
 *   })
 *   test('…', async () => { await database.query('…') })
 * })
 * ```
 */
export function describeEachDatabase(
  name: string,
  suite: (makeDatabase: () => Promise<Database>) => void,
): void {
  describe(`${name} (Postgres)`, () => suite(useMaker(makePostgres)))
  describe(`${name} (PGlite)`, () => suite(useMaker(makePglite)))
}

interface Made {
  database: Database
  remove(): Promise<void>
}

function useMaker(make: () => Promise<Made>): () => Promise<Database> {
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
  const { appUrl, drop } = await createDatabase()
  const database = await openPostgres({ url: appUrl, poolSize: 5 })
  const remove = async () => {
    await database.close()
    await drop()
  }
  return { database, remove }
}

async function makePglite(): Promise<Made> {
  const database = await openPglite({ dataDir: 'memory', image: inject('pgliteImage') })
  return { database, remove: () => database.close() }
}

/** The same database as whoever owns its tables; the caller closes it. */
export async function openAsOwner(
  database: Database,
): Promise<{ owner: Database; close(): Promise<void> }> {
  // The embedded one has one session, and that is its owner's.
  if (database.kind === 'pglite') return { owner: database, close: async () => {} }
  const [row] = await database.query<{ name: string }>('select current_database() as name')
  const url = withDatabase(inject('postgresUrl'), row?.name ?? '')
  const owner = await openPostgres({ url, poolSize: 1 })
  return { owner, close: () => owner.close() }
}

/** A database on the run's server, for tests that open it themselves. */
export interface CreatedDatabase {
  /** As the application's role. */
  appUrl: string
  /** As the superuser, who may change tables. */
  ownerUrl: string
  drop(): Promise<void>
}

/** Makes a database on the run's server: a copy of the migrated one, or `empty`. */
export async function createDatabase(options: { empty?: boolean } = {}): Promise<CreatedDatabase> {
  const url = inject('postgresUrl')
  const name = `keywell_${randomBytes(6).toString('hex')}`
  const template = options.empty ? 'template0' : inject('postgresTemplate')
  await runStatement(url, `create database "${name}" template "${template}"`)
  return {
    appUrl: withDatabase(url, name, appRole),
    ownerUrl: withDatabase(url, name),
    drop: () => runStatement(url, `drop database "${name}" with (force)`),
  }
}
