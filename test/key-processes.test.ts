/** Keys replaced by an operator's commands, while real processes serve reads from a real Postgres. */

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { createDeployment, type Deployment } from './support/deployment.ts'
import type { Stage } from './support/stage.ts'
import { steadily } from './support/steadily.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const tenants = ['ten_a', 'ten_b', 'ten_c']
const usersOfTenant = 4
/** 200 per second, as far as the machine can. */
const pauseMs = 5

let deployment: Deployment
let stage: Stage
/** Of the three processes that serve. */
let urls: string[]

beforeAll(async () => {
  deployment = await createDeployment({ role: 'serve' })
  stage = deployment.stage
  for (const tenantId of tenants) {
    for (let user = 0; user < usersOfTenant; user += 1) {
      await stage.connect({ who: { tenantId, userId: `usr_${user}` } })
    }
  }
  const replicas = await Promise.all([deployment.start(), deployment.start()])
  urls = [stage.url, ...replicas.map(({ url }) => url)]
})
afterAll(() => deployment.stop())

const command = (...words: string[]) => deployment.command('keys', ...words)

/** One read, with an API key; no answer is 0. */
async function readAt(url: string, apiKey: string, tenantId: string, userId: string) {
  const answer = await deployment.readAt(url, { tenantId, userId }, apiKey).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer?.status ?? 0
}

/** Reads on and on, at one replica after the other; answers what they said, by status. */
function load(
  urls: readonly string[],
  apiKeyOf: (url: string) => string = () => stage.apiKey,
): {
  count(): number
  stop(): Promise<Record<number, number>>
} {
  const said: Record<number, number> = {}
  const reading = steadily(pauseMs, async (count) => {
    const url = urls[count % urls.length] ?? ''
    const tenantId = tenants[count % tenants.length] ?? ''
    const userId = `usr_${count % usersOfTenant}`
    const status = await readAt(url, apiKeyOf(url), tenantId, userId)
    said[status] = (said[status] ?? 0) + 1
  })
  return {
    count: reading.count,
    async stop() {
      await reading.stop()
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
    const before = await generations()
    const oldLine = readFileSync(deployment.keyFile, 'utf8')
    const reads = load(urls)

    const other = join(dirname(deployment.keyFile), 'new-key')
    createKeyFile(other)
    const newLine = readFileSync(other, 'utf8')
    writeFileSync(deployment.keyFile, newLine + oldLine)
    const root = await command('rotate-root')
    expect(root.output).toMatch(/Wrapped anew: 4 keys; kek_[0-9a-f]{16} wraps now\./)
    expect(root.output).toMatch(/kek_[0-9a-f]{16} wraps nothing any more: it may be taken away/)
    expect(root.code).toBe(0)
    writeFileSync(deployment.keyFile, newLine)

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
    const [late, verified, status] = await Promise.all([
      deployment.start(),
      command('verify'),
      command('status'),
    ])
    const again = load([late.url])
    await until('the new process was read from', () => again.count() >= 10)
    expect(Object.keys(await again.stop())).toEqual(['200'])
    expect(verified).toMatchObject({ code: 0, output: expect.stringContaining('of 4 tenants.') })
    expect(status.output).toMatch(/^kek_[0-9a-f]{16} {2}primary {2}wraps 4 active, 1 decrypt-only/)
    expect(status.code).toBe(0)
  },
  { timeout: 120_000 },
)

verifies(
  'install:under-load',
  async () => {
    const create = async (name: string) => {
      const { id, key } = await stage.keywell.apiKeys.create(name)
      return { id, key: key.expose() }
    }
    // Each process has a key of its own, so that what each one writes can be distinguished.
    const keyAt = new Map(
      await Promise.all(urls.map(async (url) => [url, await create('in use')] as const)),
    )
    const idle = await create('idle')
    let reads = load(urls, (url) => keyAt.get(url)?.key ?? '')
    await until('all processes are read from', () => reads.count() >= 30)

    const rotated = await command('rotate-tenant', '@install')
    expect(rotated.code, rotated.output).toBe(0)
    expect(rotated.output).toMatch(/version 1: decrypt_only, 0 records\n/)
    expect(rotated.output).toContain(`needed by ${idle.id} (idle), last used never`)
    expect(rotated.output).toMatch(/needed by the audit log, whose last entry of it goes about 20/)
    const inUse = [...keyAt.values()].map(({ id }) => id)
    const [made] = await Promise.all([
      deployment.command('api-keys', 'create', 'by command'),
      until(
        'each API key has left the old one, and each process seals with the new one',
        async () => {
          const rows = await stage.database.query(
            `select k.id from api_keys k
           where k.tenant_id = '@install' and k.id = any($1::text[]) and k.pepper_version = 2
             and exists (
               select from audit_chain a
               where a.tenant_id = any($2::text[]) and a.actor = 'key:' || k.id
                 and a.mac_version = 2 and a.link_version = 2
             )`,
            [inUse, tenants],
          )
          return rows.length === urls.length
        },
      ),
    ])

    // Keys of now, made by command and by a process under load, and the one that was not used.
    const [byCommand = ''] = /^kw_\w+$/m.exec(made.output) ?? []
    const byService = (await create('by a process')).key
    for (const key of [byCommand, byService, idle.key]) {
      for (const url of urls) expect(await readAt(url, key, 'ten_a', 'usr_0')).toBe(200)
    }
    const said = await reads.stop()
    expect(Object.keys(said), JSON.stringify(said)).toEqual(['200'])
    expect(said[200], 'reads').toBeGreaterThan(100)

    reads = load(urls, (url) => keyAt.get(url)?.key ?? '')
    const [status, audit] = await Promise.all([
      command('status'),
      deployment.command('audit', 'verify'),
    ])
    expect(Object.keys(await reads.stop())).toEqual(['200'])
    expect(status.output).toContain('@install: version 1 of its key is not retired yet')
    expect(status.output).not.toContain(idle.id)
    expect(audit).toMatchObject({ code: 0, output: expect.stringContaining('all as they') })
  },
  { timeout: 120_000 },
)
