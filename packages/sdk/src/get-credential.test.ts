import { setTimeout as pause } from 'node:timers/promises'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { Keywell, KeywellError, type KeywellOptions } from './index.ts'
import { createSteppedClock } from './testing/clock.ts'

const minute = 60_000

const engine = useEngine()
let service: Scene
let query: Scene['query']
beforeEach(() => {
  service = engine.current
  query = service.query
})

/**
 * Without the change stream, as behind a proxy that holds events back: what a credential's life alone
 * does is seen best without the second look that the beginning of a stream causes.
 */
function open(options: KeywellOptions = {}): Keywell {
  service.withoutChanges = true
  return openWithStream(options)
}

function openWithStream(options: KeywellOptions = {}): Keywell {
  const keywell = new Keywell({ ...service.options, ...options })
  onTestFinished(() => keywell.close())
  return keywell
}

function openWithClock(options: KeywellOptions = {}) {
  const { options: clock, pass } = createSteppedClock()
  return { keywell: open({ ...clock, ...options }), pass }
}

async function streamUp(): Promise<void> {
  await expect.poll(() => service.streams).toBe(1)
}

describe('a read', () => {
  test('answers everything about the credential', async () => {
    const kept = await service.connect({ scopes: ['api', 'read_user'] })
    const credential = await open().getCredential(query)
    expect(credential).toMatchObject({
      credential: kept.credential,
      type: 'oauth_token',
      headers: [{ name: 'Authorization', value: `Bearer ${kept.credential}` }],
      connectionId: kept.connection.id,
      generation: 1,
      host: service.host,
      scopes: ['api', 'read_user'],
      missingScopes: [],
      account: { username: 'ada' },
    })
    expect(Date.parse(credential.expiresAt ?? '')).toBeGreaterThan(Date.now())
  })

  test('asks the service once, and answers the same object from memory after that', async () => {
    await service.connect()
    const keywell = open()
    const first = await keywell.getCredential(query)
    for (let i = 0; i < 10; i += 1) expect(await keywell.getCredential({ ...query })).toBe(first)
    expect(keywell.getCredentialSync(query)).toBe(first)
    expect(service.reads).toHaveLength(1)
  })

  test('of many at once sends one request', async () => {
    await service.connect()
    const keywell = open()
    const all = await Promise.all(Array.from({ length: 50 }, () => keywell.getCredential(query)))
    expect(new Set(all).size).toBe(1)
    expect(service.reads).toHaveLength(1)
  })

  test('keeps users, tenants, hosts and connections apart', async () => {
    const others: (Scene['query'] & { host?: string; connectionName?: string })[] = [
      query,
      { ...query, userId: 'user_456' },
      { ...query, tenantId: `${query.tenantId}_other` },
      { ...query, host: service.host, connectionName: 'acme' },
      { ...query, connectionName: 'work' },
    ]
    const kept: { credential: string }[] = []
    for (const { connectionName: name, tenantId, userId } of others) {
      kept.push(await service.connect({ name, tenantId, userId }))
    }
    const keywell = open()
    for (const round of [1, 2]) {
      for (const [i, other] of others.entries()) {
        const { credential } = await keywell.getCredential(other)
        expect(credential, `round ${round}`).toBe(kept[i]?.credential)
      }
    }
    expect(service.reads).toHaveLength(others.length)
  })

  test('detached from its object works as well', async () => {
    await service.connect()
    const { getCredential } = open()
    expect((await getCredential(query)).generation).toBe(1)
    expect(await getCredential.safe(query)).toMatchObject({ ok: true })
  })

  test('synchronously answers only what is held', async () => {
    await service.connect()
    const keywell = open()
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    await keywell.getCredential(query)
    expect(keywell.getCredentialSync(query)?.generation).toBe(1)
    expect(service.reads).toHaveLength(1)
  })

  test('holds no more than maxEntries, and lets the least recently used go', async () => {
    const users = ['a', 'b', 'c'].map((userId) => ({ ...query, userId }))
    for (const { userId } of users) await service.connect({ userId })
    const onEvict = vi.fn()
    const keywell = open({ maxEntries: 2, hooks: { onEvict } })
    for (const user of users) await keywell.getCredential(user)
    expect(users.map((user) => keywell.getCredentialSync(user) !== undefined)).toEqual([
      false,
      true,
      true,
    ])
    expect(onEvict).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: 'full' }))
  })
})

describe('scopes', () => {
  test('that were granted by name cost nothing', async () => {
    await service.connect({ scopes: ['read_user', 'read_api'] })
    const keywell = open()
    const plain = await keywell.getCredential(query)
    expect(await keywell.getCredential({ ...query, scopes: ['read_api'] })).toBe(plain)
    expect(service.reads).toHaveLength(1)
  })

  test('that are missing are named, and asked about once', async () => {
    await service.connect({ scopes: ['read_user'] })
    const keywell = open()
    const wanting = { ...query, scopes: ['read_user', 'api'] }
    const [one, two] = await Promise.all([
      keywell.getCredential(wanting),
      keywell.getCredential(wanting),
    ])
    expect(one.missingScopes).toEqual(['api'])
    expect(two).toBe(one)
    expect(keywell.getCredentialSync(wanting)).toBe(one)
    expect((await keywell.getCredential(query)).missingScopes).toEqual([])
    expect(service.reads).toHaveLength(2)
  })

  test('that another one implies are not missing: the service knows', async () => {
    await service.connect({ scopes: ['api'] })
    const { missingScopes } = await open().getCredential({ ...query, scopes: ['read_repository'] })
    expect(missingScopes).toEqual([])
  })

  test('are asked about again for a new generation', async () => {
    await service.connect({ scopes: ['read_user'] })
    const keywell = openWithStream()
    const wanting = { ...query, scopes: ['api'] }
    expect((await keywell.getCredential(wanting)).missingScopes).toEqual(['api'])
    await streamUp()
    await service.connect({ scopes: ['api'] })
    await expect.poll(async () => (await keywell.getCredential(wanting)).missingScopes).toEqual([])
  })
})

describe('a life', () => {
  test('up to the soft window nothing is asked', async () => {
    await service.connect({ type: 'oauth_token' })
    const { keywell, pass } = openWithClock()
    await keywell.getCredential(query)
    pass(104 * minute)
    await keywell.getCredential(query)
    await pause(50)
    expect(service.reads).toHaveLength(1)
  })

  test('inside the soft window a read answers at once, and the newer one comes behind it', async () => {
    const kept = await service.connect({ type: 'oauth_token' })
    const { keywell, pass } = openWithClock()
    const first = await keywell.getCredential(query)
    await service.refresh(kept)
    pass(106 * minute)
    expect(await keywell.getCredential(query)).toBe(first)
    await expect.poll(() => keywell.getCredentialSync(query)?.generation).toBe(2)
    expect(service.reads[1]).toMatchObject({ ifNewerThan: 1 })
  })

  test('inside the hard window a read waits for the newer one', async () => {
    const kept = await service.connect({ type: 'oauth_token' })
    const { keywell, pass } = openWithClock()
    await keywell.getCredential(query)
    await service.refresh(kept)
    pass(119 * minute + 1)
    expect((await keywell.getCredential(query)).generation).toBe(2)
  })

  test('inside the hard window without an answer, what is still valid is served', async () => {
    await service.connect({ type: 'oauth_token' })
    const { keywell, pass } = openWithClock()
    const first = await keywell.getCredential(query)
    service.isDown = true
    pass(119 * minute + 1)
    expect(await keywell.getCredential(query)).toBe(first)
    pass(minute)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'unavailable' })
    expect(keywell.getCredentialSync(query)).toBeUndefined()
  })

  test('a background failure is tried again after 3 s, then 6 s', async () => {
    await service.connect({ type: 'oauth_token' })
    const onError = vi.fn()
    const { keywell, pass } = openWithClock({ hooks: { onError } })
    await keywell.getCredential(query)
    service.isDown = true
    const failures = () =>
      onError.mock.calls.filter(([{ error }]) => /could not be reached/.test(error.message)).length
    pass(106 * minute)
    keywell.getCredentialSync(query)
    await expect.poll(failures).toBe(1)
    pass(2_999)
    keywell.getCredentialSync(query)
    await pause(30)
    expect(failures()).toBe(1)
    pass(2)
    keywell.getCredentialSync(query)
    await expect.poll(failures).toBe(2)
    pass(5_999)
    keywell.getCredentialSync(query)
    await pause(30)
    expect(failures()).toBe(2)
    pass(2)
    keywell.getCredentialSync(query)
    await expect.poll(failures).toBe(3)
    expect(onError).toHaveBeenCalledWith({ error: expect.any(KeywellError), background: true })
  })

  test('a used credential is renewed without a further read', async () => {
    const kept = await service.connect({ type: 'oauth_token' })
    const { keywell, pass } = openWithClock()
    await keywell.getCredential(query)
    await service.refresh(kept)
    pass(106 * minute)
    // There is no read; the sweep looks once a second.
    await expect.poll(() => service.reads.length).toBe(2)
    await expect.poll(() => keywell.getCredentialSync(query)?.generation).toBe(2)
  })

  test('one that was not used for idleAfterMs is let go instead', async () => {
    await service.connect({ type: 'oauth_token' })
    const onEvict = vi.fn()
    const options = { idleAfterMs: 10 * minute, hooks: { onEvict } }
    const { keywell, pass } = openWithClock(options)
    await keywell.getCredential(query)
    // The sweep takes note of the use; then more than ten minutes pass.
    await pause(1_500)
    pass(106 * minute)
    await expect
      .poll(() => onEvict.mock.calls)
      .toEqual([[expect.objectContaining({ reason: 'idle' })]])
    expect(service.reads).toHaveLength(1)
  })

  test('a credential without an end is compared every five minutes', async () => {
    await service.connect()
    const { keywell, pass } = openWithClock()
    const first = await keywell.getCredential(query)
    expect(first).toMatchObject({ type: 'api_key', expiresAt: null })
    pass(5 * minute + 1)
    expect(await keywell.getCredential(query)).toBe(first)
    await expect.poll(() => service.reads.length).toBe(2)
    expect(service.reads[1]).toMatchObject({ ifNewerThan: 1 })
  })

  test('the clocks of the two machines are never compared', async () => {
    await service.connect({ type: 'oauth_token' })
    const { keywell } = openWithClock({ now: () => -5 })
    expect((await keywell.getCredential(query)).generation).toBe(1)
    expect(keywell.getCredentialSync(query)?.generation).toBe(1)
  })
})

describe('a miss', () => {
  test('not_connected is remembered for 5 s', async () => {
    const { keywell, pass } = openWithClock()
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
    pass(4_999)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
    expect(service.reads).toHaveLength(1)
    pass(2)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
    expect(service.reads).toHaveLength(2)
  })

  test("what the tenant's policy refuses is let go, and the refusal remembered for 30 s", async () => {
    await service.connect()
    const onEvict = vi.fn()
    const { keywell, pass } = openWithClock({ hooks: { onEvict } })
    await keywell.getCredential(query)
    await service.setPolicy({ providers: [] })
    pass(5 * minute + 1)
    keywell.getCredentialSync(query) // it is compared in the background
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    expect(onEvict.mock.calls).toEqual([[expect.objectContaining({ reason: 'policy' })]])
    const expected = { code: 'not_allowed_for_tenant' }
    pass(29_999)
    await expect(keywell.getCredential(query)).rejects.toMatchObject(expected)
    expect(service.reads).toHaveLength(2)
    pass(2)
    await expect(keywell.getCredential(query)).rejects.toMatchObject(expected)
    expect(service.reads).toHaveLength(3)
  })

  test('falls at once when the stream names a connection', async () => {
    const keywell = openWithStream()
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
    await streamUp()
    await service.connect()
    await expect
      .poll(async () => (await keywell.getCredential.safe(query)).ok, { timeout: 4_000 })
      .toBe(true)
  })

  test('each caller gets an error of its own', async () => {
    const keywell = open()
    const one = await keywell.getCredential(query).catch((error) => error)
    const two = await keywell.getCredential(query).catch((error) => error)
    expect(two).toBeInstanceOf(KeywellError)
    expect(two).not.toBe(one)
    expect({ ...two }).toEqual({ ...one })
  })

  test('safe answers a union', async () => {
    const result = await open().getCredential.safe(query)
    expect(result).toMatchObject({ ok: false, error: { code: 'not_connected' } })
  })
})

describe('bad input', () => {
  const good = { provider: 'gitlab', tenantId: 'a', userId: 'u' }

  test.each<[string, unknown, RegExp]>([
    ['no user', { provider: 'gitlab', tenantId: 'a' }, /either userId or owner/],
    ['a user and the tenant', { ...good, owner: 'tenant' }, /either userId or owner/],
    ['an empty tenant', { ...good, tenantId: '' }, /"tenantId" must not be empty/],
    ['a tenant that is no text', { ...good, tenantId: 7 }, /"tenantId"/],
    ['a control character', { ...good, userId: 'a\nb' }, /"userId" must not contain control/],
    ['a provider with a capital', { ...good, provider: 'GitLab' }, /"provider"/],
    ['a bad connection name', { ...good, connectionName: 'My work' }, /"connectionName"/],
    ['nothing at all', undefined, /getCredential/],
  ])('%s is refused here, with the field', async (_, wrong, message) => {
    // A caller without types may pass anything.
    const reading = open().getCredential(wrong as never)
    await expect(reading).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(message),
    })
    expect(service.reads).toHaveLength(0)
  })

  test('after close every read says so', async () => {
    await service.connect()
    const keywell = open()
    await keywell.getCredential(query)
    keywell.close()
    keywell.close()
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    await expect(keywell.getCredential(query)).rejects.toThrow(/was closed/)
  })
})

describe('what is known locally', () => {
  test('invalidate makes the next read ask, without a generation to compare with', async () => {
    await service.connect()
    const onEvict = vi.fn()
    const keywell = open({ hooks: { onEvict } })
    await keywell.getCredential(query)
    keywell.invalidate(query)
    keywell.invalidate({ ...query, userId: 'nobody' })
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    await keywell.getCredential(query)
    expect(service.reads).toHaveLength(2)
    expect(service.reads[1]).not.toHaveProperty('ifNewerThan')
    expect(onEvict).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ reason: 'invalidated' }),
    )
  })

  test('warm reads all, and says of each how it went', async () => {
    const users = Array.from({ length: 12 }, (_, i) => ({ ...query, userId: `user_${i}` }))
    for (const { userId } of users.slice(1)) await service.connect({ userId })
    const keywell = open()
    const results = await keywell.warm(users)
    expect(results.map(({ ok }) => ok)).toEqual(users.map((_, i) => i > 0))
    expect(service.reads).toHaveLength(12)
    await keywell.warm(users)
    expect(service.reads).toHaveLength(12)
    expect(await keywell.warm([])).toEqual([])
  })

  test('hooks report hits and refreshes, and cannot break a read', async () => {
    await service.connect()
    const onHit = vi.fn()
    const onRefresh = vi.fn(() => {
      throw new Error('a broken metric')
    })
    const keywell = open({ hooks: { onHit, onRefresh } })
    const { connectionId } = await keywell.getCredential(query)
    await keywell.getCredential(query)
    keywell.getCredentialSync(query)
    expect(onHit.mock.calls).toEqual([
      [{ connectionId, generation: 1 }],
      [{ connectionId, generation: 1 }],
    ])
    expect(onRefresh).toHaveBeenCalledExactlyOnceWith({
      connectionId,
      generation: 1,
      changed: true,
      durationMs: expect.any(Number),
    })
  })
})
