import { rename, writeFile } from 'node:fs/promises'
import { migrate } from './migrate.ts'
import { openEmbedded } from './pglite.ts'

/**
 * Writes a new, migrated embedded database into a file, for `openPglite({ image })`: starting from
 * it takes a fraction of the time and half of the memory of an initdb.
 */
export async function bakeImage(path: string): Promise<void> {
  const { database, dump } = await openEmbedded({ dataDir: 'memory' })
  try {
    await migrate(database)
    // Under its name only when it is whole.
    const unfinished = `${path}.${process.pid}.new`
    await writeFile(unfinished, await dump())
    await rename(unfinished, path)
  } finally {
    await database.close()
  }
}
