/** Root keys in a key service, which is a process of its own and can fail in every way. */

import { createKeywell, kmsKeys } from '@keywell/server'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { type LocalKeyService, startKeyService } from './support/key-service.ts'
import { createStage, mira, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

let service: LocalKeyService
let stage: Stage

const keysOf = (...keyNames: string[]) => kmsKeys({ service, keyNames, timeoutMs: 400 })

beforeAll(async () => {
  service = await startKeyService()
  const database = await openEmbedded()
  stage = await createStage(database, { role: 'serve', keys: keysOf('one', 'two') })
  await stage.connect()
})
afterAll(async () => {
  await stage.stop()
  await service.stop()
})
beforeEach(() => service.injectFault('none'))

/** As after five minutes, which the tests do not wait for. */
async function forget(tenantId: string): Promise<void> {
  await stage.database.query(`select pg_notify('keywell_keys', $1)`, [tenantId])
}

/** Reads, with the keys forgotten before each, until the answer is no more of keys in memory. */
async function readAfresh(status: number): Promise<unknown> {
  let body: unknown
  await until(`a read is answered with ${status}`, async () => {
    await forget(mira.tenantId)
    const answer = await stage.read()
    body = answer.body
    return answer.status === status
  })
  return body
}

verifies.each(
  'keys:service-away',
  ['silent', 'refusing', 'throttled', 'deleted'] as const,
  async (trouble) => {
    expect((await stage.read()).status).toBe(200)
    await service.injectFault(trouble)
    expect((await stage.read()).status, 'the key in memory serves on').toBe(200)
    expect(await readAfresh(503)).toMatchObject({
      code: 'unavailable',
      detail: 'The key store does not answer.',
    })
    // A tenant whose first key cannot be wrapped: refused, and nothing is left behind.
    const who = { tenantId: `ten_${trouble}`, userId: 'u' }
    const session = await stage.session(who)
    const flow = { provider: 'gitlab', host: stage.sandbox.url }
    const refused = await stage.page(session.connectToken, 'POST', '/connect/flows', flow)
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    await service.injectFault('none')
    expect((await stage.read()).status, 'and no restart was needed').toBe(200)
    const again = await stage.page(session.connectToken, 'POST', '/connect/flows', flow)
    expect(again.status).toBe(201)
  },
)

verifies('keys:service-wrong', async () => {
  await service.injectFault('wrong')
  expect(await readAfresh(500)).toMatchObject({ code: 'credential_unreadable' })
  await service.injectFault('none')
  // The wrong key is in memory until it is forgotten; nothing was sealed under it.
  expect(await readAfresh(200)).toHaveProperty('credential')
  const found = await stage.keywell.keys.verify()
  expect(found).toMatchObject({ refused: {} })
})

verifies('keys:service-rotate', async () => {
  const [one, two] = keysOf('one', 'two').ids
  const operator = createKeywell({
    database: stage.database,
    keys: keysOf('two', 'one'),
    publicUrl: stage.url,
    keyWaits: { replicasMs: 0 },
  }).keys
  await stage.database.query(
    `insert into tenant_keys (tenant_id, version, kek_id, wrapped, state)
     select 'ten_more_' || n, 1, $1, '\\x00', 'active' from generate_series(1, 40) n`,
    [one ?? ''],
  )
  await service.injectFault('throttled')
  // Nothing begins that cannot be written to the audit log, which has a key of its own.
  await expect(operator.rotateRoot()).rejects.toMatchObject({ code: 'unavailable' })
  await service.injectFault('none')
  await expect(operator.rotateTenant('ten_nobody')).rejects.toMatchObject({ code: 'not_found' })
  // Away from here on, to a process that has that key.
  await service.injectFault('throttled')
  const away = await operator.rotateRoot()
  expect(away).toMatchObject({ rewrapped: 0, removable: [], left: [{ kekId: one }] })
  // A rotation that finds the service away does not ask it for every key.
  expect(away.failed.map(({ reason }) => reason)).toEqual(Array(16).fill('provider_failed'))
  await stage.database.query(`delete from tenant_keys where tenant_id like 'ten_more_%'`)
  await service.injectFault('none')
  const done = await operator.rotateRoot()
  expect(done).toMatchObject({ primary: two, failed: [], left: [] })
  expect(done.rewrapped).toBeGreaterThan(1)
  // The running service still wraps with the old one, so it has to stay.
  expect(done).toMatchObject({ stale: [one], removable: [] })
  expect(await readAfresh(200)).toHaveProperty('credential')

  // A wrapping in another tenant's row is none of that tenant's.
  await stage.connect({ who: { tenantId: 'ten_moved', userId: 'u' } })
  await stage.database.query(
    `update tenant_keys x set wrapped = y.wrapped, kek_id = y.kek_id from tenant_keys y
     where x.tenant_id = 'ten_moved' and y.tenant_id = $1`,
    [mira.tenantId],
  )
  expect(await operator.rotateRoot()).toMatchObject({ rewrapped: 0 })
  const found = operator.verify({ tenantId: 'ten_moved' })
  await expect(found).rejects.toMatchObject({ reason: 'key_unavailable' })
})
