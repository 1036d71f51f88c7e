import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, type KeywellOptions } from './index.ts'
import { apiKey, fetchWithoutChanges, StandInService } from './testing/stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
/** The stated bound with the stream up. */
const boundMs = 1_000

let service: StandInService
beforeEach(async () => {
  service = await new StandInService().start()
})
afterEach(() => service.stop())

function open(options: KeywellOptions = {}): Keywell {
  const keywell = new Keywell({ url: service.url, apiKey, ...options })
  onTestFinished(() => keywell.close())
  return keywell
}

/** A Keywell that holds the credential, and has its stream up. */
async function openAndRead(options: KeywellOptions = {}): Promise<Keywell> {
  const keywell = open(options)
  await keywell.getCredential(query)
  await streamUp()
  // The stream began while the first answer was under way, so it was looked at again.
  await expect.poll(() => service.reads.length).toBe(2)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeDefined()
  return keywell
}

async function streamUp(): Promise<void> {
  await expect.poll(() => service.changes.streams).toBe(1)
}

describe('while the stream is up', () => {
  test('one that is held for a host in an odd spelling goes by its connection', async () => {
    const odd = { ...query, host: 'https://GITLAB.com' }
    const kept = service.connect({ host: odd.host })
    const keywell = open()
    await keywell.getCredential(odd)
    await streamUp()
    await expect.poll(() => service.reads.length).toBe(2)
    kept.connection.host = 'https://gitlab.com' // as the service spells it
    service.disconnect(kept)
    await expect.poll(() => keywell.getCredentialSync(odd), { timeout: boundMs }).toBeUndefined()
  })

  verifies('sdk:updated-is-kept', async () => {
    const kept = service.connect()
    const keywell = await openAndRead()
    const held = await keywell.getCredential(query)
    service.emit('updated', kept)
    const marker = service.connect({ userId: 'marker' })
    await keywell.getCredential({ ...query, userId: 'marker' })
    service.refresh(marker)
    // Changes come in order: when the last one has arrived, so has the first.
    await expect
      .poll(() => keywell.getCredentialSync({ ...query, userId: 'marker' })?.generation)
      .toBe(2)
    expect(keywell.getCredentialSync(query)).toBe(held)
  })

  test('a change that is older than what is held is dropped', async () => {
    const kept = service.connect()
    service.refresh(kept)
    const keywell = await openAndRead()
    const held = await keywell.getCredential(query)
    const old = { ...kept, connection: { ...kept.connection, generation: 1 } }
    service.emit('needs_reauth', old)
    service.emit('refreshed', kept) // the same generation as the held one
    const marker = service.connect({ userId: 'marker' })
    // Changes come in order: when the last one has arrived, so have the others.
    await expect(keywell.getCredential({ ...query, userId: 'marker' })).resolves.toBeDefined()
    service.refresh(marker)
    await expect
      .poll(() => keywell.getCredentialSync({ ...query, userId: 'marker' })?.generation)
      .toBe(2)
    expect(keywell.getCredentialSync(query)).toBe(held)
  })

  test('an answer that was under way when the policy was changed is asked for again', async () => {
    service.connect()
    service.connect({ userId: 'other' })
    const keywell = open()
    await keywell.getCredential({ ...query, userId: 'other' })
    await streamUp()
    await expect.poll(() => service.reads.length).toBe(2)
    let release = () => {}
    service.gate = new Promise((resolve) => {
      release = () => resolve()
    })
    const reading = keywell.getCredential(query)
    await expect.poll(() => service.reads.length).toBe(3)
    service.emitPolicy(query.tenantId)
    const other = { ...query, userId: 'other' }
    await expect.poll(() => keywell.getCredentialSync(other), { timeout: boundMs }).toBeUndefined()
    release()
    await reading
    expect(service.reads).toHaveLength(4)
  })

  test('an answer that was under way when the credential was revoked is not taken', async () => {
    const kept = service.connect()
    const other = service.connect({ userId: 'other' })
    const keywell = open()
    await keywell.getCredential({ ...query, userId: 'other' })
    await streamUp()
    await expect.poll(() => service.reads.length).toBe(2)
    // A spelling that no change knows: only the request under way shows that it is concerned.
    const odd = { ...query, host: 'https://GITLAB.com' }
    kept.connection.host = odd.host
    let release = () => {}
    service.gate = new Promise((resolve) => {
      release = () => resolve()
    })
    const reading = keywell.getCredential.safe(odd)
    await expect.poll(() => service.reads.length).toBe(3)
    kept.connection.host = 'https://gitlab.com'
    service.revoke(kept)
    service.disconnect(other)
    await expect
      .poll(() => keywell.getCredentialSync({ ...query, userId: 'other' }))
      .toBeUndefined()
    service.gate = undefined
    release()
    expect(await reading).toMatchObject({ ok: false })
    expect(keywell.getCredentialSync(odd)).toBeUndefined()
  })

  test('an answer that was overtaken by a refresh is asked for again', async () => {
    const kept = service.connect()
    const marker = service.connect({ userId: 'marker' })
    const keywell = open()
    await keywell.getCredential({ ...query, userId: 'marker' })
    await streamUp()
    await expect.poll(() => service.reads.length).toBe(2)
    let release = () => {}
    service.gate = new Promise((resolve) => {
      release = () => resolve()
    })
    const reading = keywell.getCredential(query)
    await expect.poll(() => service.reads.length).toBe(3)
    service.refresh(kept)
    service.disconnect(marker)
    await expect
      .poll(() => keywell.getCredentialSync({ ...query, userId: 'marker' }))
      .toBeUndefined()
    service.gate = undefined
    release()
    expect((await reading).generation).toBe(2)
  })

  test('flush drops everything', async () => {
    service.connect()
    const keywell = await openAndRead()
    service.changes.flush()
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    expect((await keywell.getCredential(query)).generation).toBe(1)
  })

  test('a change that is not understood may concern anything: everything is dropped', async () => {
    service.connect()
    const keywell = await openAndRead()
    service.changes.appendUnknown()
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  })
})

describe('when the stream breaks', () => {
  test('it comes back, and brings what was missed', async () => {
    const kept = service.connect()
    const keywell = await openAndRead()
    service.changes.cutStreams()
    service.revoke(kept)
    await expect
      .poll(() => keywell.getCredentialSync(query), { timeout: boundMs, interval: 5 })
      .toBeUndefined()
    expect(service.calls.filter((call) => call === 'GET /v1/changes')).toHaveLength(2)
  })

  test('and the log has moved on, everything is dropped', async () => {
    service.connect()
    const keywell = await openAndRead()
    const other = service.connect({ userId: 'other' })
    service.changes.cutStreams()
    service.refresh(other)
    service.changes.forgetLog()
    await expect.poll(() => keywell.getCredentialSync(query), { timeout: 2_000 }).toBeUndefined()
    expect((await keywell.getCredential(query)).generation).toBe(1)
  })

  test('it comes back after the service was away', async () => {
    const kept = service.connect()
    const keywell = await openAndRead()
    await service.stop()
    service.revoke(kept)
    expect(keywell.getCredentialSync(query)).toBeDefined()
    await service.start()
    await expect.poll(() => keywell.getCredentialSync(query), { timeout: 10_000 }).toBeUndefined()
  })

  test('close ends it', async () => {
    service.connect()
    const keywell = await openAndRead()
    keywell.close()
    await expect.poll(() => service.changes.streams).toBe(0)
  })
})

describe('while the stream is down', () => {
  function openWithClock(options: KeywellOptions = {}) {
    let nowMs = 0
    const keywell = open({
      now: () => nowMs,
      fetch: fetchWithoutChanges,
      ...options,
    })
    const pass = (ms: number) => {
      nowMs += ms
    }
    return { keywell, pass }
  }

  test('what is held is served for maxStaleMs, then compared before it is used', async () => {
    const kept = service.connect()
    const { keywell, pass } = openWithClock({ maxStaleMs: 10_000 })
    const first = await keywell.getCredential(query)
    pass(9_999)
    expect(await keywell.getCredential(query)).toBe(first)
    expect(service.reads).toHaveLength(1)
    pass(1)
    expect(await keywell.getCredential(query)).toBe(first)
    expect(service.reads).toHaveLength(2)
    service.revoke(kept)
    expect(await keywell.getCredential(query)).toBe(first)
    pass(10_000)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  })

  test('a service that is down does not matter inside the bound, and does after it', async () => {
    service.connect()
    const { keywell, pass } = openWithClock({ maxStaleMs: 60_000 })
    const first = await keywell.getCredential(query)
    await service.stop()
    pass(59_999)
    expect(await keywell.getCredential(query)).toBe(first)
    pass(1)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(service.url),
    })
  })

  test('staleIfUnavailableMs serves longer, but only while there is no answer', async () => {
    const kept = service.connect()
    const { keywell, pass } = openWithClock({ maxStaleMs: 60_000, staleIfUnavailableMs: 600_000 })
    const first = await keywell.getCredential(query)
    await service.stop()
    pass(599_999)
    expect(await keywell.getCredential(query)).toBe(first)
    pass(1)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'unavailable' })

    await service.start()
    pass(60_000)
    expect(await keywell.getCredential(query)).toBe(first)
    service.revoke(kept)
    pass(60_000)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  })

  test('a stream that says nothing validates nothing', async () => {
    service.changes.isSilent = true
    const kept = service.connect()
    const { keywell, pass } = openWithClock({ maxStaleMs: 10_000, fetch: globalThis.fetch })
    await keywell.getCredential(query)
    await streamUp()
    await expect.poll(() => service.reads.length).toBe(2) // looked at again: the stream began
    service.revoke(kept) // and no event of it is sent
    pass(10_000)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  })

  test('used credentials are compared ahead of need', async () => {
    service.connect()
    const { keywell, pass } = openWithClock({ maxStaleMs: 60_000 })
    await keywell.getCredential(query)
    pass(20_000)
    keywell.getCredentialSync(query)
    pass(20_000)
    await expect.poll(() => service.reads.length).toBe(2)
    expect(service.reads[1]).toMatchObject({ ifNewerThan: 1 })
  })
})
