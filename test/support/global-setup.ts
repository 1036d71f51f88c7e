import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { TestProject } from 'vitest/node'
import { bakeImage } from '../../packages/server/src/store/image.ts'
import { bakeMigrated, createMigrated, runStatement } from './migrated.ts'
import { clusterVariable, findBinaries, startPostgres } from './postgres.ts'
import { strippedVariable } from './runnable.ts'
import { copyStripped } from './stripped.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of a superuser of the server that this run uses. */
    postgresUrl: string
    /** Name of its migrated database, to be copied for each test file. */
    postgresTemplate: string
    /** Path of the embedded database's image. */
    pgliteImage: string
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Provided {
  postgresUrl: string
  postgresTemplate: string
  pgliteImage: string
  stop(): Promise<void>
}

/** Projects of one run are set up one after the other, in one process, each from a module of its own. */
interface Shared {
  provided: Promise<Provided>
  users: number
}
const shared: { [key: symbol]: Shared | undefined } = globalThis
const key = Symbol.for('keywell.test-databases')

/** Runs once per project: finds or starts a Postgres, and bakes the embedded database's image. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mine = shared[key] ?? { provided: provide(), users: 0 }
  shared[key] = mine
  mine.users += 1
  const { stop, ...provided } = await mine.provided
  project.provide('postgresUrl', provided.postgresUrl)
  project.provide('postgresTemplate', provided.postgresTemplate)
  project.provide('pgliteImage', provided.pgliteImage)
  return async () => {
    mine.users -= 1
    if (mine.users > 0) return
    shared[key] = undefined
    await stop()
  }
}

async function provide(): Promise<Provided> {
  const [server, pgliteImage, stripped] = await Promise.all([
    findOrStartPostgres(),
    cachedImage(),
    copyStripped(root),
  ])
  process.env[strippedVariable] = stripped.path
  const postgresTemplate = `keywell_template_${randomBytes(4).toString('hex')}`
  await createMigrated(server.url, postgresTemplate)
  const stop = async () => {
    await runStatement(server.url, `drop database "${postgresTemplate}"`)
    await server.stop()
    delete process.env[strippedVariable]
    await stripped.remove()
  }
  return { postgresUrl: server.url, postgresTemplate, pgliteImage, stop }
}

async function findOrStartPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  if (await findBinaries()) {
    const cluster = await bakeMigrated()
    process.env[clusterVariable] = cluster.path
    const server = await startPostgres()
    announce(`Postgres for tests: ${server.origin}`)
    const stop = async () => {
      await server.stop()
      delete process.env[clusterVariable]
      await cluster.remove()
    }
    return { url: server.url, stop }
  }
  // Last, so that tests do not write into a database that was set for another purpose.
  const url = process.env.DATABASE_URL
  if (!url) throw new Error('No Postgres for tests: run `npm install`, or set DATABASE_URL.')
  announce('Postgres for tests: DATABASE_URL')
  return { url, stop: async () => {} }
}

/** An image is baked in seconds and used in each run, so it is kept until a migration or PGlite changes. */
async function cachedImage(): Promise<string> {
  const migrations = join(root, 'packages/server/src/store/migrations')
  const hash = createHash('sha256')
  hash.update(await readFile(join(root, 'node_modules/@electric-sql/pglite/package.json')))
  for (const name of (await readdir(migrations)).sort()) {
    hash.update(name).update(await readFile(join(migrations, name)))
  }
  const folder = join(root, 'node_modules/.cache/keywell')
  const image = join(folder, `pglite-${hash.digest('hex').slice(0, 16)}.tar`)
  if (existsSync(image)) return image
  await mkdir(folder, { recursive: true })
  announce('Baking the image of the embedded database')
  const packed = `${image}.${process.pid}.tgz`
  await bakeImage(packed)
  // Unpacked here once, and not at each start.
  const unfinished = `${image}.${process.pid}.new`
  await writeFile(unfinished, gunzipSync(await readFile(packed)))
  await rename(unfinished, image)
  await rm(packed)
  return image
}

function announce(text: string): void {
  process.stderr.write(`${text}\n`)
}
