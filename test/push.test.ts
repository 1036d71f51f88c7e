import { Keywell, type KeywellOptions } from '@keywell/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'
import { Wire } from './support/wire.ts'

// What the change stream of the real service does to real SDKs, and what an attacker on the way can do to it.

let stage: Stage
let next = 0

beforeAll(async () => {
  stage = await createStage(await openEmbedded())
})
afterAll(() => stage.stop())
beforeEach(() => stage.calm())
afterEach(() => stage.calm())

interface Query {
  provider: string
  tenantId: string
  userId: string
}

/** A fresh user who has connected, as a query. */
async function connected(): Promise<Query> {
  next += 1
  const who = { tenantId: `ten_push_${next}`, userId: 'u' }
  await stage.connect({ who })
  return { provider: 'gitlab', ...who }
}

/** An SDK that holds the credential and has its stream up; `evicted` are the reasons so far. */
async function holder(
  query: Query,
  options: KeywellOptions = {},
): Promise<{ keywell: Keywell; evicted: string[]; errors: string[] }> {
  const evicted: string[] = []
  const errors: string[] = []
  let answers = 0
  const keywell = new Keywell({
    url: stage.url,
    apiKey: stage.apiKey,
    hooks: {
      onRefresh: () => {
        answers += 1
      },
      onEvict: ({ reason }) => evicted.push(reason),
      onError: ({ error }) => errors.push(error.message),
    },
    ...options,
  })
  onTestFinished(() => keywell.close())
  await keywell.getCredential(query)
  // Once the stream is up, what was read before is looked at again.
  await expect.poll(() => answers, { timeout: 20_000 }).toBe(2)
  return { keywell, evicted, errors }
}

verifies('T29:sdk-refused', async () => {
  const query = await connected()
  const { id, key } = await stage.keywell.apiKeys.create('an SDK', { roles: ['backend'] })
  const { keywell, evicted, errors } = await holder(query, { apiKey: key.expose() })
  await stage.keywell.apiKeys.revoke(id)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  expect(evicted).toContain('unauthorized')
  expect(errors.at(-1)).toContain('does not take this API key')
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'unauthorized' })
})

async function disconnect(query: Query): Promise<void> {
  const { body } = await stage.call<{ connections: { id: string }[] }>(
    'GET',
    `/v1/connections?tenantId=${query.tenantId}`,
  )
  for (const { id } of body.connections) {
    await stage.call('DELETE', `/v1/connections/${id}?tenantId=${query.tenantId}`)
  }
}

verifies(
  'T27:pushed',
  async () => {
    const query = await connected()
    const holders = await Promise.all(Array.from({ length: 50 }, () => holder(query)))
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    await stage.sandbox.control.resetCounters()
    // One of them meets the 401 and reports it; the others learn from the stream.
    const report = await stage.read({ ...query, minGeneration: 2 })
    expect(report.status).toBe(409)
    const isServed = () =>
      holders.filter(({ keywell }) => keywell.getCredentialSync(query) !== undefined).length
    await expect.poll(isServed, { timeout: 1_000, interval: 10 }).toBe(0)

    const found = await stage.sandbox.control.counters()
    expect(found.grantTypes.refresh_token, 'refreshes that found it out').toBeLessThanOrEqual(2)
    const codes = await Promise.all(
      holders.map(async ({ keywell }) => {
        const result = await keywell.getCredential.safe(query)
        return result.ok ? 'served' : result.error.code
      }),
    )
    expect(new Set(codes)).toEqual(new Set(['needs_reauth']))
    const after = await stage.sandbox.control.counters()
    expect(after.calls, 'fifty readers ask nothing upstream').toEqual(found.calls)
  },
  { timeout: 60_000 },
)

verifies('T27:replaced', async () => {
  const query = await connected()
  const holders = await Promise.all(Array.from({ length: 10 }, () => holder(query)))
  const old = holders[0]?.keywell.getCredentialSync(query)?.credential
  // Before it is due: the background refresh may come before the read.
  await stage.sandbox.control.resetCounters()
  const past = "now() - interval '1 second'"
  await stage.database.query(`update credentials set expires_at = ${past} where tenant_id = $1`, [
    query.tenantId,
  ])
  await stage.database.query(
    `update refresh_schedule set refresh_at = ${past} where tenant_id = $1`,
    [query.tenantId],
  )
  expect((await stage.read(query)).body).toMatchObject({ generation: 2 })
  const generations = () =>
    holders.map(({ keywell }) => keywell.getCredentialSync(query)?.generation)
  await expect.poll(generations).toEqual(holders.map(() => 2))
  expect(holders.map(({ evicted }) => evicted)).toEqual(holders.map(() => ['replaced']))
  expect(holders[0]?.keywell.getCredentialSync(query)?.credential).not.toBe(old)
  expect((await stage.sandbox.control.counters()).grantTypes.refresh_token).toBe(1)
})

verifies('T27:stream-cut', async () => {
  const query = await connected()
  let nowMs = 0
  const [cut, silent] = [new Wire(), new Wire()]
  const options = { now: () => nowMs, maxStaleMs: 60_000 }
  const withCut = await holder(query, { ...options, fetch: cut.fetch })
  const withSilent = await holder(query, { ...options, fetch: silent.fetch })
  cut.cut()
  silent.pass = () => [] // half open: the connection stands, and nothing comes through
  silent.isLogCut = true
  const heldUntilMs = nowMs + 60_000
  await disconnect(query)
  await expect.poll(() => silent.seen.map(Wire.kindOf)).toContain('disconnected')

  for (const { keywell, evicted } of [withCut, withSilent]) {
    nowMs = heldUntilMs - 1
    expect((await keywell.getCredential(query)).generation).toBe(1)
    expect(keywell.getCredentialSync(query)).toBeDefined()
    nowMs = heldUntilMs
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
    expect(evicted).toEqual(['disconnected'])
  }
})

verifies('T28:forged-costs', async () => {
  const [query, other] = [await connected(), await connected()]
  const wire = new Wire()
  const { keywell, evicted } = await holder(query, { fetch: wire.fetch })
  await disconnect(other)
  await expect.poll(() => wire.seen.map(Wire.kindOf)).toContain('disconnected')
  const genuine = wire.seen.find((event) => Wire.kindOf(event) === 'disconnected') ?? ''
  const held = await keywell.getCredential(query)
  const reads = wire.reads.length

  wire.inject(readdressed(genuine, held.connectionId, query, wire.position))
  await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  expect(await keywell.getCredential(query)).toMatchObject({ credential: held.credential })
  expect(evicted).toEqual(['disconnected'])
  expect(wire.reads).toHaveLength(reads + 1)
  // A true change still arrives on the same stream.
  await disconnect(query)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  expect(wire.opened).toBe(1)
})

/** The same change for another connection, as if it followed the change that was sent last. */
function readdressed(event: string, connectionId: string, of: Query, after: string): string {
  const { change } = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '')
  const position = after.replace(/\.(\d+)\./, (_, seq: string) => `.${Number(seq) + 1}.`)
  const { tenantId, userId } = of
  const forged = { ...change, position, tenantId, userId, connectionId }
  return `event: change\nid: ${position}\ndata: ${JSON.stringify({ after, position, change: forged })}\n\n`
}

verifies('T28:replayed', async () => {
  const query = await connected()
  const wire = new Wire()
  const { keywell, evicted } = await holder(query, { fetch: wire.fetch })
  await disconnect(query)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  await stage.connect({ who: query })
  await expect.poll(() => wire.seen.map(Wire.kindOf)).toContain('connected')
  const held = await keywell.getCredential(query)
  const reads = wire.reads.length

  const sent = wire.seen.filter((event) => Wire.kindOf(event) !== undefined)
  for (const event of [...sent, ...sent.toReversed()]) wire.inject(event)
  const marker = await connected()
  await expect.poll(() => Wire.kindOf(wire.seen.at(-1) ?? '')).toBe('connected')
  await keywell.getCredential(marker)
  await disconnect(marker)
  await expect.poll(() => keywell.getCredentialSync(marker)).toBeUndefined()
  expect(keywell.getCredentialSync(query)).toBe(held)
  expect(evicted).toEqual(['disconnected', 'disconnected'])
  expect(wire.reads).toHaveLength(reads + 1) // the marker's
  expect(wire.opened).toBe(1)
})

verifies('T28:foreign-installation', async () => {
  const query = await connected()
  const wire = new Wire()
  const { keywell } = await holder(query, { fetch: wire.fetch })
  const foreign = await createStage(await openEmbedded())
  onTestFinished(() => foreign.stop())
  // The same user of the same tenant, at another Keywell, where the connection goes.
  const { tenantId, userId } = query
  const made = await foreign.connect({ who: { tenantId, userId } })
  const overheard = new Wire()
  const theirs = new Keywell({ url: foreign.url, apiKey: foreign.apiKey, fetch: overheard.fetch })
  onTestFinished(() => theirs.close())
  await theirs.getCredential(query)
  await expect.poll(() => overheard.seen.length).toBeGreaterThan(0)
  await foreign.call('DELETE', `/v1/connections/${made.connection?.id}?tenantId=${tenantId}`)
  await expect.poll(() => overheard.seen.map(Wire.kindOf)).toContain('disconnected')

  const held = keywell.getCredentialSync(query)
  const reads = wire.reads.length
  wire.inject(overheard.seen.find((event) => Wire.kindOf(event) === 'disconnected') ?? '')
  const marker = await connected()
  await keywell.getCredential(marker)
  await disconnect(marker)
  await expect.poll(() => keywell.getCredentialSync(marker)).toBeUndefined()
  // Its place in the log is another's: at the worst everything is asked for again.
  expect(await keywell.getCredential(query)).toMatchObject({ credential: held?.credential })
  expect(wire.reads.length - reads, 'the marker, and one fetch').toBeLessThanOrEqual(3)
})

verifies('T28:reordered', async () => {
  const [gone, stays, other] = [await connected(), await connected(), await connected()]
  const wire = new Wire()
  const { keywell } = await holder(gone, { fetch: wire.fetch })
  await keywell.getCredential(stays)
  const reads = wire.reads.length
  const kept: string[] = []
  wire.pass = (event) => {
    if (Wire.kindOf(event) === undefined) return [event]
    kept.push(event)
    return kept.length < 2 ? [] : kept.toReversed()
  }
  await disconnect(gone)
  await disconnect(other)
  await expect.poll(() => keywell.getCredentialSync(gone)).toBeUndefined()
  await expect(keywell.getCredential(gone)).rejects.toMatchObject({ code: 'not_connected' })
  expect((await keywell.getCredential(stays)).generation).toBe(1)
  expect(keywell.getCredentialSync(gone)).toBeUndefined()
  expect(wire.reads.length - reads, 'one fetch more').toBeLessThanOrEqual(2)
})
