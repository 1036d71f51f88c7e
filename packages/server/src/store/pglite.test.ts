import { appendFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  test,
  vi,
} from 'vitest'
import { type Child, runModule } from '../../../../test/support/child.ts'
import { holdEngine } from '../../../../test/support/databases.ts'
import { type Database, DatabaseUnavailable } from './database.ts'
import { FolderInUse } from './folder-lock.ts'
import { migrate } from './migrate.ts'
import { openPglite } from './pglite.ts'
import { schemaOwner } from './scope.ts'

const image = inject('pgliteImage')
/** A start takes half a second, or ten on a machine that has much else to do. */
const timeoutMs = 120_000
vi.setConfig({ testTimeout: timeoutMs, hookTimeout: timeoutMs })

let dataDir: string
let madeDir: string
const opened: Database[] = []

beforeAll(async () => {
  await holdEngine()
  madeDir = await mkdtemp(join(tmpdir(), 'keywell-pglite-'))
  const database = await openPglite({ dataDir: madeDir, image })
  await database.close()
})
afterAll(() => rm(madeDir, { recursive: true }))
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'keywell-pglite-'))
})
afterEach(async () => {
  await closeAll()
  await rm(dataDir, { recursive: true, force: true })
})

async function open(options: { allowNonDurable?: boolean } = {}): Promise<Database> {
  const database = await openPglite({ dataDir, image, ...options })
  opened.push(database)
  return database
}

/** A folder that was used before, without the time that it takes to make one. */
async function openMade(options: { allowNonDurable?: boolean } = {}): Promise<Database> {
  await copyMade()
  return await open(options)
}

async function copyMade(): Promise<void> {
  await cp(madeDir, dataDir, { recursive: true })
}

async function closeAll(): Promise<void> {
  for (const database of opened.splice(0)) await database.close()
}

const addRow = `insert into connect_sessions (tenant_id, id, user_id, policy, expires_at, mac, pepper_version)
  values ('ten_a', $1, 'usr_a', '{}', now(), '', 1)`
const countRows = 'select count(*)::int as rows from connect_sessions'

/** A process that inserts rows for ever, and prints the id of each that was acknowledged. */
function startWriter(): Child {
  const module = new URL('./pglite.ts', import.meta.url).href
  return runModule(`
    import { openPglite } from '${module}'
    const database = await openPglite(${JSON.stringify({ dataDir, image })})
    for (let row = 0; ; row += 1) {
      await database.of('ten_a').query(${JSON.stringify(addRow)}, ['ses_' + process.pid + '_' + row])
      console.log(row)
    }
  `)
}

describe('the folder', () => {
  test('is made, starts from the image, and keeps what is written', async () => {
    await rm(dataDir, { recursive: true })
    const first = await open()
    await first.of(schemaOwner).query(addRow, ['ses_a'])
    await closeAll()
    expect(await readdir(dataDir)).toEqual(['data'])
    const second = await open()
    await migrate(second)
    expect(await second.of(schemaOwner).query(countRows)).toEqual([{ rows: 1 }])
  })

  test('belongs to one process: a second is refused, and the first goes on', async () => {
    await copyMade()
    const writer = startWriter()
    expect(await writer.nextLine()).toBe('0')
    await expect(open()).rejects.toThrow(FolderInUse)
    await expect(open()).rejects.toThrow(
      `${dataDir} is in use by process ${writer.process.pid}. Stop that process`,
    )
    expect(await writer.nextLine()).toBe('1')
    writer.process.kill('SIGKILL')
    await writer.ended
  })

  test('of a killed process is taken over with every row that was acknowledged', async () => {
    await copyMade()
    let rows = 0
    for (let round = 0; round < 2; round += 1) {
      const writer = startWriter()
      for (let line = 0; line < 20; line += 1) {
        expect(await writer.nextLine()).toBe(String(line))
      }
      writer.process.kill('SIGKILL')
      const { code } = await writer.ended
      expect(code).toBeNull()
      rows += 20
      // It may have gone on for a moment after the last line that was read.
      for (let line = await writer.nextLine(); line; line = await writer.nextLine()) rows += 1
    }
    const database = await open()
    const [counted] = await database.of(schemaOwner).query<{ rows: number }>(countRows)
    // One more for each: committed, and killed before it could say so.
    expect(counted?.rows).toBeGreaterThanOrEqual(rows)
    expect(counted?.rows).toBeLessThanOrEqual(rows + 2)
  })

  test('whose making was cut short is made anew', async () => {
    const unfinished = join(dataDir, 'data.new')
    await mkdir(unfinished)
    await writeFile(join(unfinished, 'PG_VERSION'), '18')
    const database = await open()
    expect(await database.of(schemaOwner).query(countRows)).toEqual([{ rows: 0 }])
    expect(await readdir(dataDir)).not.toContain('data.new')
  })

  test('is free again after a start that failed', async () => {
    const broken = join(dataDir, 'broken.tgz')
    await writeFile(broken, 'no image')
    await expect(openPglite({ dataDir, image: broken })).rejects.toThrow()
    await expect(openPglite({ dataDir, image: `${broken}.not` })).rejects.toThrow('ENOENT')
    const database = await open()
    expect(await database.of(schemaOwner).query(countRows)).toEqual([{ rows: 0 }])
  })
})

describe('refuses to start when a commit does not reach the disk', () => {
  for (const setting of ['fsync = off', 'synchronous_commit = off']) {
    test(setting, async () => {
      await copyMade()
      await appendFile(join(dataDir, 'data', 'postgresql.conf'), `\n${setting}\n`)
      await expect(open()).rejects.toThrow(/not durable.*allowNonDurable/s)

      const database = await open({ allowNonDurable: true })
      await database.of(schemaOwner).query(addRow, ['ses_a'])
      expect(await database.of(schemaOwner).query(countRows)).toEqual([{ rows: 1 }])
    })
  }
})

test('a long statement does not stop the event loop', async () => {
  const database = await openMade()
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  const startedAt = performance.now()
  await database.of(schemaOwner).query('select count(*) from generate_series(1, 3000000)')
  const statementMs = performance.now() - startedAt
  delay.disable()
  expect(delay.max / 1e6).toBeLessThan(statementMs / 2)
})

test('an engine that died is unavailable, to those who wait and to those who come', async () => {
  const database = await openMade()
  await database.of(schemaOwner).query('select pg_switch_wal()')
  // The next commit finds no place for its log, which is the end of any Postgres.
  await rm(join(dataDir, 'data', 'pg_wal'), { recursive: true })
  const attempts = [
    database.transaction('ten_a', (sql) => sql.query(addRow, ['ses_a'])),
    database.of(schemaOwner).query('select 1'),
  ]
  for (const attempt of await Promise.allSettled(attempts)) {
    expect(attempt).toMatchObject({ reason: expect.any(DatabaseUnavailable) })
  }
  await expect(database.of(schemaOwner).query('select 1')).rejects.toThrow(/died: PANIC.*pg_wal/)
})
