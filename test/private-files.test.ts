/** Files and folders that hold secrets of the service, where something of that name was there before. */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { runService, startService } from './support/service-process.ts'
import { verifies } from './support/verifies.ts'

const folder = mkdtempSync(join(tmpdir(), 'keywell-private-'))
const rootKey = join(folder, 'root-key')
let created: CreatedDatabase

beforeAll(async () => {
  createKeyFile(rootKey)
  created = await createDatabase()
})
afterAll(() => created.drop())

/** Runs until it ends by itself: it is expected not to start. */
async function refusal(variables: Record<string, string>): Promise<string> {
  const run = runService([], { PORT: '0', KEYWELL_KEY_FILE: rootKey, ...variables })
  const first = await Promise.race([run.exited, run.printed(/"msg":"listening"/).catch(() => 1)])
  run.child.kill('SIGTERM')
  await run.exited
  expect(first, run.output()).toBe(1)
  return run.output()
}

function fileWith(name: string, content: string, mode: number): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const modeOf = (path: string) => statSync(path).mode & 0o777

verifies.suite('T17:private-files', () => {
  test('a data folder that others may open is tightened with a word, and so is the file of the first API key', {
    timeout: 60_000,
  }, async () => {
    const data = join(folder, 'wide')
    mkdirSync(data)
    chmodSync(data, 0o777)
    mkdirSync(join(data, 'database'))
    chmodSync(join(data, 'database'), 0o755)
    const apiKey = fileWith('wide/api-key', 'of another installation\n', 0o644)
    const service = await startService({ KEYWELL_DATA_DIR: data, KEYWELL_KEY_FILE: rootKey })
    expect(await service.stop()).toBe(0)
    expect([modeOf(data), modeOf(join(data, 'database')), modeOf(apiKey)]).toEqual([
      0o700, 0o700, 0o600,
    ])
    expect(readFileSync(apiKey, 'utf8')).toMatch(/^kw_\S+\n$/)
    for (const [path, mode] of [
      [data, '0777'],
      [join(data, 'database'), '0755'],
      [apiKey, '0644'],
    ]) {
      expect(service.output()).toContain(`${path} was open to other users`)
      expect(service.output()).toContain(`(mode ${mode})`)
    }
  })

  test('a data folder that is a link is refused, and nothing is made where it leads', {
    timeout: 60_000,
  }, async () => {
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    const link = join(folder, 'link')
    symlinkSync(elsewhere, link)
    expect(await refusal({ KEYWELL_DATA_DIR: link })).toContain(`${link} is a symbolic link`)
    expect(() => statSync(join(elsewhere, 'database'))).toThrow('ENOENT')
  })

  test('a file of the first API key that is a link is refused, and no key is made', {
    timeout: 60_000,
  }, async () => {
    const target = fileWith('target', 'untouched', 0o600)
    const link = join(folder, 'api-key-link')
    symlinkSync(target, link)
    const variables = { DATABASE_URL: created.appUrl, KEYWELL_API_KEY_FILE: link }
    expect(await refusal(variables)).toContain(`${link} is a symbolic link`)
    expect(readFileSync(target, 'utf8')).toBe('untouched')
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    const list = runService(['api-keys', 'list'], {
      DATABASE_URL: created.appUrl,
      KEYWELL_KEY_FILE: rootKey,
    })
    expect(await list.exited).toBe(0)
    expect(list.output()).not.toContain('first')
  })

  // Only root can give a file away.
  test.runIf(process.geteuid?.() === 0)(
    'what belongs to another user is refused',
    {
      timeout: 60_000,
    },
    async () => {
      const data = join(folder, 'theirs')
      mkdirSync(data, { mode: 0o700 })
      chownSync(data, 65_534, 65_534)
      expect(await refusal({ KEYWELL_DATA_DIR: data })).toContain(`${data} belongs to another user`)
      const key = fileWith('their-key', readFileSync(rootKey, 'utf8'), 0o600)
      chownSync(key, 65_534, 65_534)
      const variables = { DATABASE_URL: created.appUrl, KEYWELL_KEY_FILE: key }
      expect(await refusal(variables)).toContain(`${key} belongs to another user`)
    },
  )
})

verifies.suite('T17:secret-files', () => {
  test('the database is named by a file', { timeout: 60_000 }, async () => {
    const DATABASE_URL_FILE = fileWith('url', `${created.appUrl}\n`, 0o600)
    const service = await startService({ DATABASE_URL_FILE, KEYWELL_KEY_FILE: rootKey })
    expect(await service.stop()).toBe(0)
    expect(service.output()).not.toContain('DATABASE_URL')
    const migrated = runService(['migrate'], { DATABASE_URL_FILE })
    expect([await migrated.exited, migrated.output()]).toEqual([0, 'The tables are up to date.\n'])
  })

  test.each([
    ['DATABASE_URL', 'postgres://keywell:hunter2@127.0.0.1:1/none'],
    ['KEYWELL_EGRESS_PROXY', 'http://keywell:hunter2@127.0.0.1:1'],
    ['KEYWELL_KEY', 'hunter2'],
  ])(
    '%s is refused beside its file, and a file that every user may open',
    {
      timeout: 60_000,
    },
    async (name, value) => {
      const file = fileWith(`${name}-file`, value, 0o604)
      const variables = { DATABASE_URL: created.appUrl, [`${name}_FILE`]: file }
      const both = await refusal({ ...variables, [name]: value })
      expect(both).toContain(`${name} and ${name}_FILE are both set`)
      const alone = name === 'DATABASE_URL' ? { [`${name}_FILE`]: file } : variables
      const wide = await refusal(alone)
      expect(wide).toContain(`${file} is open to every user of this machine`)
      expect(`${both}${wide}`).not.toContain('hunter2')
    },
  )
})
