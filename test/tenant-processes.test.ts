/** A tenant erased by an operator's command, while real processes and an SDK serve it and another. */

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keywell } from '@keywell/sdk'
import { createKeyFile } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { openCreated, openOwner } from './support/inspected.ts'
import { runService, type ServiceProcess, startService } from './support/service-process.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const gone = 'ten_a'
const stays = 'ten_b'
const users = ['usr_0', 'usr_1', 'usr_2']
const pauseMs = 5
/** Within this time nobody yields anything of it any more. */
const limitMs = 5_000

let created: CreatedDatabase
let stage: Stage
const keyFile = join(mkdtempSync(join(tmpdir(), 'keywell-tenant-processes-')), 'root-key')
const running: ServiceProcess[] = []

beforeAll(async () => {
  createKeyFile(keyFile)
  created = await createDatabase()
  const database = await openCreated(created)
  stage = await createStage(database, { keyPath: keyFile, role: 'serve' })
  for (const tenantId of [gone, stays]) {
    for (const userId of users) await stage.connect({ who: { tenantId, userId } })
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
  const run = runService(['tenants', ...words], environment())
  return { code: await run.exited, output: run.output() }
}

async function read(url: string, tenantId: string, userId: string): Promise<number> {
  const answer = await fetch(`${url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'gitlab', tenantId, userId }),
  }).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer?.status ?? 0
}

/** Reads of both tenants, at one replica after the other; counts what they said. */
function load(urls: readonly string[]) {
  const said: Record<string, Record<number, number>> = { [gone]: {}, [stays]: {} }
  const open = new Set<Promise<void>>()
  let count = 0
  const timer = setInterval(() => {
    const url = urls[count % urls.length] ?? ''
    const tenantId = Math.floor(count / urls.length) % 2 === 0 ? gone : stays
    const userId = users[count % users.length] ?? ''
    count += 1
    const reading: Promise<void> = read(url, tenantId, userId)
      .then((status) => {
        const ofTenant = said[tenantId] ?? {}
        ofTenant[status] = (ofTenant[status] ?? 0) + 1
      })
      .finally(() => open.delete(reading))
    open.add(reading)
  }, pauseMs)
  return {
    said,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
    },
  }
}

verifies(
  'T18:under-load',
  async () => {
    const replicas = await Promise.all([start(), start()])
    const urls = [stage.url, ...replicas.map(({ url }) => url)]
    const sdks = replicas.map(({ url }) => new Keywell({ url, apiKey: stage.apiKey }))
    const of = (tenantId: string, userId: string) => ({ provider: 'gitlab', tenantId, userId })
    const all = [gone, stays].flatMap((tenantId) => users.map((userId) => of(tenantId, userId)))
    for (const sdk of sdks) {
      for (const result of await sdk.warm(all)) expect(result).toMatchObject({ ok: true })
    }
    const owner = await openOwner(created.ownerUrl)
    const tables = ['connections', 'credentials']
    for (const table of tables) {
      await owner.query(`create table before_${table} as select * from ${table}`)
    }
    const reads = load(urls)
    await until('both are read', () => (reads.said[stays]?.[200] ?? 0) > 20)
    expect(Object.keys(reads.said[gone] ?? {})).toEqual(['200'])

    const wrong = await command('erase', 'ten_never')
    expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('no such tenant') })
    const erased = await command('erase', gone)
    const from = performance.now()
    expect(erased).toMatchObject({ code: 0, output: expect.stringMatching(/^ten_a is erased/m) })
    const yields = async () => {
      const found: string[] = []
      for (const userId of users) {
        for (const url of urls) if ((await read(url, gone, userId)) !== 404) found.push(url)
        for (const sdk of sdks) {
          if (sdk.getCredentialSync(of(gone, userId)) !== undefined) found.push('an SDK')
          if ((await sdk.getCredential.safe(of(gone, userId))).ok) found.push('an SDK, asked')
        }
      }
      return found
    }
    await until('nobody yields anything of it', async () => (await yields()).length === 0)
    expect(performance.now() - from, 'milliseconds').toBeLessThan(limitMs)

    // Put back, it meets replicas that had its key in memory a moment ago.
    for (const table of tables) {
      await owner.query(`alter table ${table} disable trigger user`)
      const rows = `select * from before_${table} where tenant_id = $1`
      await owner.query(`insert into ${table} ${rows}`, [gone])
      await owner.query(`alter table ${table} enable trigger user`)
    }
    expect(await yields()).toEqual([])
    for (const sdk of sdks) {
      for (const userId of users) {
        expect(await sdk.getCredential.safe(of(stays, userId))).toMatchObject({ ok: true })
      }
    }
    await reads.stop()
    expect(Object.keys(reads.said[stays] ?? {}), JSON.stringify(reads.said)).toEqual(['200'])
    expect(Object.keys(reads.said[gone] ?? {})).toEqual(['200', '404'])
    for (const sdk of sdks) sdk.close()
    await owner.close()
  },
  { timeout: 120_000 },
)
