/** A tenant erased by an operator's command, while real processes and an SDK serve it and another. */

import { Keywell } from '@keywell/sdk'
import { afterAll, beforeAll, expect } from 'vitest'
import { createDeployment, type Deployment } from './support/deployment.ts'
import { openOwner } from './support/inspected.ts'
import type { Stage } from './support/stage.ts'
import { steadily } from './support/steadily.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const gone = 'ten_a'
const stays = 'ten_b'
const users = ['usr_0', 'usr_1', 'usr_2']
const pauseMs = 5
/** After this time no process yields anything of it. */
const limitMs = 5_000

let deployment: Deployment
let stage: Stage

beforeAll(async () => {
  deployment = await createDeployment({ role: 'serve' })
  stage = deployment.stage
  for (const tenantId of [gone, stays]) {
    for (const userId of users) await stage.connect({ who: { tenantId, userId } })
  }
})
afterAll(() => deployment.stop())

const command = (...words: string[]) => deployment.command('tenants', ...words)

async function read(url: string, tenantId: string, userId: string): Promise<number> {
  const answer = await deployment.readAt(url, { tenantId, userId }).catch(() => undefined)
  await answer?.arrayBuffer()
  return answer?.status ?? 0
}

/** Reads of both tenants, at one replica after the other; counts what they said. */
function load(urls: readonly string[]) {
  const said: Record<string, Record<number, number>> = { [gone]: {}, [stays]: {} }
  const reading = steadily(pauseMs, async (count) => {
    const tenantId = Math.floor(count / urls.length) % 2 === 0 ? gone : stays
    const userId = users[count % users.length] ?? ''
    const status = await read(urls[count % urls.length] ?? '', tenantId, userId)
    const ofTenant = said[tenantId] ?? {}
    ofTenant[status] = (ofTenant[status] ?? 0) + 1
  })
  return { said, stop: reading.stop }
}

verifies(
  'T18:under-load',
  async () => {
    const replicas = await Promise.all([deployment.start(), deployment.start()])
    const urls = [stage.url, ...replicas.map(({ url }) => url)]
    const sdks = replicas.map(({ url }) => new Keywell({ url, apiKey: stage.apiKey }))
    const of = (tenantId: string, userId: string) => ({ provider: 'gitlab', tenantId, userId })
    const all = [gone, stays].flatMap((tenantId) => users.map((userId) => of(tenantId, userId)))
    for (const sdk of sdks) {
      for (const result of await sdk.warm(all)) expect(result).toMatchObject({ ok: true })
    }
    const owner = await openOwner(deployment.created.ownerUrl)
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
    await until('no process yields anything of it', async () => (await yields()).length === 0)
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
