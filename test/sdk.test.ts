import { inspect } from 'node:util'
import { faults } from '@keywell/sandbox'
import { Keywell, KeywellError } from '@keywell/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

// The SDK against the real service; what it does by itself is tested beside its source.

let stage: Stage
let next = 0
const clients: Keywell[] = []

beforeAll(async () => {
  stage = await createStage(await openEmbedded())
})
afterAll(() => stage.stop())
beforeEach(() => stage.calm())
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

function client(options: ConstructorParameters<typeof Keywell>[0] = {}): Keywell {
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, ...options })
  clients.push(keywell)
  return keywell
}

/** A fresh user who has connected, as a query. */
async function connected() {
  next += 1
  const who = { tenantId: `ten_sdk_${next}`, userId: 'u' }
  await stage.connect({ who })
  await stage.calm()
  return { provider: 'gitlab', ...who }
}

async function expire(tenantId: string): Promise<void> {
  const past = "now() - interval '1 second'"
  await stage.database.query(`update credentials set expires_at = ${past} where tenant_id = $1`, [
    tenantId,
  ])
  await stage.database.query(
    `update refresh_schedule set refresh_at = ${past} where tenant_id = $1`,
    [tenantId],
  )
}

verifies('sdk:get-credential', async () => {
  const query = await connected()
  let calls = 0
  const keywell = client({
    fetch: (input, init) => {
      // Once the change stream is up, what was read before it is looked at once more; not counted.
      const cold = !String(init?.body).includes('ifNewerThan')
      calls += String(input).endsWith('/v1/credentials') && cold ? 1 : 0
      return fetch(input, init)
    },
  })
  expect(keywell.getCredentialSync(query)).toBeUndefined()
  const many = await Promise.all(Array.from({ length: 20 }, () => keywell.getCredential(query)))
  expect(new Set(many).size).toBe(1)
  expect(calls, 'one request for twenty callers').toBe(1)
  const [credential] = many
  expect(keywell.getCredentialSync(query)).toBe(credential)
  const user = await fetch(`${credential?.host}/api/v4/user`, {
    headers: { Authorization: `Bearer ${credential?.credential}` },
  })
  expect(user.status).toBe(200)
  const shown = inspect(credential, { depth: 9, showHidden: true }) + JSON.stringify(credential)
  expect(shown).not.toContain(credential?.credential)
  expect(shown).toContain('[redacted]')
})

verifies('sdk:slow-provider', async () => {
  const query = await connected()
  await stage.sandbox.control.addFault({ ...faults.slowAnswer(2_500), times: 1 })
  await expire(query.tenantId)
  const keywells = [client({ requestTimeoutMs: 800 }), client({ requestTimeoutMs: 800 })]
  const all = await Promise.all(
    Array.from({ length: 200 }, (_, index) => keywells[index % 2]?.getCredential(query)),
  )
  expect(new Set(all.map((credential) => credential?.generation))).toEqual(new Set([2]))
  const { grantTypes } = await stage.sandbox.control.counters()
  expect(grantTypes.refresh_token).toBe(1)
})

verifies('sdk:errors', async () => {
  const keywell = client()
  const query = { provider: 'gitlab', tenantId: 'ten_none', userId: 'u' }
  await expect(keywell.getCredential(query)).rejects.toMatchObject({
    name: 'KeywellError',
    code: 'not_connected',
    connectUrl: expect.stringContaining('provider=gitlab'),
    requestId: expect.stringMatching(/^req_/),
  })
  const result = await keywell.getCredential.safe(query)
  expect(result.ok).toBe(false)
  await expect(keywell.getCredential({ ...query, provider: 'nosuch' })).rejects.toMatchObject({
    code: 'unknown_provider',
  })
  const wrong = client({ apiKey: 'kw_wrong' })
  await expect(wrong.getCredential(query)).rejects.toMatchObject({ code: 'unauthorized' })
  const unreachable = client({ url: 'http://127.0.0.1:1' })
  const error = await unreachable.getCredential(query).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(KeywellError)
  expect(error).toMatchObject({ code: 'unavailable' })
  expect((error as KeywellError).nextStep).toContain('127.0.0.1:1')
  const { message, detail, nextStep } = error as KeywellError
  expect(message).toBe(`${detail} ${nextStep}`)
})

verifies('sdk:retries', async () => {
  let sent = 0
  const keywell = client({
    // The answer to the first attempt is lost on its way back.
    fetch: async (input, init) => {
      const answer = await fetch(input, init)
      if (init?.method !== 'POST') return answer
      sent += 1
      if (sent > 1) return answer
      await answer.body?.cancel()
      throw new TypeError('fetch failed')
    },
  })
  const tenantId = 'ten_sdk_retries'
  const host = stage.sandbox.url
  const draft = { provider: 'gitlab', tenantId, host, scopes: ['read_api'] }
  const { id } = await keywell.integrations.create(draft)
  expect(sent).toBe(2)
  const { integrations } = await keywell.integrations.list({ tenantId })
  expect(integrations.map((integration) => integration.id)).toEqual([id])
})

verifies('T27:sdk-evicts', async () => {
  const query = await connected()
  const holders = Array.from({ length: 5 }, () => client())
  for (const keywell of holders) await keywell.getCredential(query)
  // A second connection shows when every stream is up: its change reaches all of them.
  const { connections } = (await holders[0]?.connections.list(query)) ?? { connections: [] }
  const id = connections[0]?.id ?? ''
  await expect
    .poll(async () => {
      await stage.connect({ who: query })
      return holders.every((keywell) => keywell.getCredentialSync(query)?.generation !== 1)
    })
    .toBe(true)
  for (const keywell of holders) await keywell.getCredential(query)
  await stage.call('DELETE', `/v1/connections/${id}?tenantId=${query.tenantId}`)
  const gone = () => holders.every((keywell) => keywell.getCredentialSync(query) === undefined)
  await expect.poll(gone, { timeout: 1_000, interval: 20 }).toBe(true)
  for (const keywell of holders) {
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
  }
})

verifies('sdk:fetch', async () => {
  const query = await connected()
  const keywell = client()
  const projects = await keywell.fetch(query, '/api/v4/projects?membership=true')
  expect(projects.status).toBe(200)
  // Another backend's read has rotated the pair: the old token is dead, and this caller does not know it yet.
  await expire(query.tenantId)
  await stage.read(query)
  const again = await keywell.fetch(query, '/api/v4/user')
  expect(again.status).toBe(200)
  await expect(keywell.fetch(query, 'https://evil.example/steal')).rejects.toThrow()
})

verifies('R10:permission-401', async () => {
  const query = await connected()
  const keywell = client()
  await stage.sandbox.control.addFault(faults.restUnauthorized())
  const refused = await keywell.fetch(query, '/api/v4/projects')
  expect(refused.status).toBe(401)
  const { grantTypes } = await stage.sandbox.control.counters()
  expect(grantTypes.refresh_token ?? 0).toBe(0)
  expect((await keywell.connections.list(query)).connections[0]).toMatchObject({ status: 'active' })
})

verifies('sdk:service-down', async () => {
  const query = await connected()
  let down = false
  const keywell = client({
    fetch: (input, init) =>
      down ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init),
  })
  const held = await keywell.getCredential(query)
  down = true
  expect(await keywell.getCredential(query)).toBe(held)
  await expect(keywell.getCredential({ ...query, userId: 'other' })).rejects.toMatchObject({
    code: 'unavailable',
  })
  down = false
  await expect(keywell.getCredential({ ...query, userId: 'other' })).rejects.toMatchObject({
    code: 'not_connected',
  })
})
