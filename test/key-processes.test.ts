/** Keys replaced by an operator's commands, while real processes serve reads from a real Postgres. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { openCreated } from './support/inspected.ts'
import { runService, type ServiceProcess, startService } from './support/service-process.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const tenants = ['ten_a', 'ten_b', 'ten_c']
const usersOfTenant = 4
/** 200 per second, as far as the machine can. */
const pauseMs = 5

let created: CreatedDatabase
let stage: Stage
const folder = mkdtempSync(join(tmpdir(), 'keywell-key-processes-'))
const keyFile = join(folder, 'root-keys')
const running: ServiceProcess[] = []

beforeAll(async () => {
  createKeyFile(keyFile)
  created = await createDatabase()
  const database = await openCreated(created)
  stage = await createStage(database, { keyPath: keyFile, role: 'serve' })
  for (const tenantId of tenants) {
    for (let user = 0; user < usersOfTenant; user += 1) {
      await stage.connect({ who: { tenantId, userId: `usr_${user}` } })
    }
  }
})

afterAll(async () => {
  for (const service of running) await service.stop()
  await stage.stop()
  await created.drop()
})

const environment = () => ({
  DATABASE_URL: created.appUrl,
  KEYWELL_KEY_FILE: keyFile,
  KEYWELL_ALLOW_HOSTS: new URL(stage.sandbox.url).origin,
})

async function start(): Promise<ServiceProcess> {
  const service = await startService(environment())
  running.push(service)
  return service
}

async function command(...words: string[]): Promise<{ code: number | null; output: string }> {
  const run = runService(['keys', ...words], environment())
  return { code: await run.exited, output: run.output() }
}

/** Reads on and on, at one replica after the other; answers what they said, by status. */
function load(urls: readonly string[]): {
  count(): number
  stop(): Promise<Record<number, number>>
} {
  const said: Record<number, number> = {}
  const open = new Set<Promise<void>>()
  let count = 0
  async function read(): Promise<void> {
    const url = urls[count % urls.length]
    const tenantId = tenants[count % tenants.length]
    const userId = `usr_${count % usersOfTenant}`
    count += 1
    const answer = await fetch(`${url}/v1/credentials`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'gitlab', tenantId, userId }),
    }).catch(() => undefined)
    await answer?.arrayBuffer()
    const status = answer?.status ?? 0
    said[status] = (said[status] ?? 0) + 1
  }
  const timer = setInterval(() => {
    const reading: Promise<void> = read().finally(() => open.delete(reading))
    open.add(reading)
  }, pauseMs)
  return {
    count: () => count,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      return said
    },
  }
}

const generations = () =>
  stage.database.query(
    `select tenant_id, connection_id, generation, issued_at from credentials
     where tenant_id = any($1::text[]) order by 1, 2`,
    [tenants],
  )

verifies(
  'keys:under-load',
  async () => {
    const replicas = await Promise.all([start(), start()])
    const urls = [stage.url, ...replicas.map(({ url }) => url)]
    const before = await generations()
    const oldLine = readFileSync(keyFile, 'utf8')
    const reads = load(urls)

    const other = join(folder, 'new-key')
    createKeyFile(other)
    const newLine = readFileSync(other, 'utf8')
    writeFileSync(keyFile, newLine + oldLine)
    const root = await command('rotate-root')
    expect(root.output).toMatch(/Wrapped anew: 4 keys; kek_[0-9a-f]{16} wraps now\./)
    expect(root.output).toMatch(/kek_[0-9a-f]{16} wraps nothing any more: it may be taken away/)
    expect(root.code).toBe(0)
    writeFileSync(keyFile, newLine)

    const tenant = await command('rotate-tenant', 'ten_a')
    expect(tenant.output).toContain(`Moved: ${usersOfTenant} records`)
    expect(tenant.output).toMatch(/version 1: decrypt_only, 0 records; disabled from \d{4}-/)
    expect(tenant.output).toContain(`version 2: active, ${usersOfTenant} records`)
    expect(tenant.code).toBe(0)

    const said = await reads.stop()
    expect(Object.keys(said), JSON.stringify(said)).toEqual(['200'])
    expect(said[200], 'reads').toBeGreaterThan(100)
    expect(await generations()).toEqual(before)

    // Who starts now has never seen the old root key.
    const [late, verified, status, install] = await Promise.all([
      start(),
      command('verify'),
      command('status'),
      command('rotate-tenant', '@install'),
    ])
    const again = load([late.url])
    await until('the new process was read from', () => again.count() >= 10)
    expect(Object.keys(await again.stop())).toEqual(['200'])
    expect(verified).toMatchObject({ code: 0, output: expect.stringContaining('of 4 tenants.') })
    expect(status.output).toMatch(/^kek_[0-9a-f]{16} {2}primary {2}wraps 4 active, 1 decrypt-only/)
    expect(status.code).toBe(0)
    expect(install).toMatchObject({
      code: 1,
      output: expect.stringContaining('Rotate the root key, which wraps it.'),
    })
  },
  { timeout: 120_000 },
)
