/** What the service's process shows of its secrets: in what it writes, and to another process that inspects it. */

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { runService, startService } from './support/service-process.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const keyFile = join(mkdtempSync(join(tmpdir(), 'keywell-secrets-')), 'root-key')
const marked = 'marked-hunter2-secret'
let created: CreatedDatabase

beforeAll(async () => {
  createKeyFile(keyFile)
  created = await createDatabase()
})
afterAll(() => created.drop())

verifies(
  'T20:service-log',
  async () => {
    const cases: [what: string, variables: Record<string, string>][] = [
      ['a database', { DATABASE_URL: `postgres://keywell:${marked}@127.0.0.1:1/none` }],
      [
        'a public URL',
        {
          DATABASE_URL: created.appUrl,
          KEYWELL_PUBLIC_URL: `https://keys.example/?token=${marked}`,
        },
      ],
      ['a key', { DATABASE_URL: created.appUrl, KEYWELL_KEY_FILE: '', KEYWELL_KEY: marked }],
    ]
    const ends = cases.map(async ([what, variables]) => {
      const run = runService([], { PORT: '0', KEYWELL_KEY_FILE: keyFile, ...variables })
      expect(await run.exited, what).toBe(1)
      expect(run.output(), what).toContain('"level":50')
      expect(run.output(), what).not.toContain('hunter2')
    })
    await Promise.all(ends)
  },
  { timeout: 60_000 },
)

verifies(
  'T17:process',
  async () => {
    const base = { DATABASE_URL: created.appUrl, LOG_LEVEL: 'debug' }
    const key = readFileSync(keyFile, 'utf8').trim()
    const service = await startService({ ...base, KEYWELL_KEY: key })
    try {
      // A signal opens no inspector, and ends nothing.
      service.child.kill('SIGUSR1')
      await until('it goes on', async () => (await fetch(`${service.url}/readyz`)).ok)
      expect(service.output()).not.toMatch(/debugger|inspector/i)
      expect(service.output()).not.toContain(key)
    } finally {
      expect(await service.stop()).toBe(0)
    }
    // What only the operator can shut: nothing is served.
    const options = ['--heapsnapshot-signal=SIGUSR2', '--report-uncaught-exception']
    const refused = options.map(async (option) => {
      const variables = { ...base, KEYWELL_KEY_FILE: keyFile, NODE_OPTIONS: option }
      const run = runService([], { PORT: '0', ...variables })
      expect(await run.exited, option).toBe(1)
      expect(run.output()).toContain(`Start it without ${option}`)
      expect(run.output()).not.toContain('listening')
    })
    await Promise.all(refused)
  },
  { timeout: 60_000 },
)
