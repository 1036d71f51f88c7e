import type { KeywellError } from '@keywell/protocol'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Keywell, type KeywellOptions } from './index.ts'
import { apiKey, type Kept, StandInService } from './testing/stand-in-service.ts'

// What stands between the SDK and the service may hold back, repeat and invent events.

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }

let service: StandInService
let kept: Kept
beforeEach(async () => {
  service = await new StandInService().start()
  kept = service.connect()
})
afterEach(() => service.stop())

/** A Keywell that holds the credential and has its stream up; what it complains of. */
async function openAndRead(
  options: KeywellOptions = {},
): Promise<{ keywell: Keywell; errors: KeywellError[] }> {
  const errors: KeywellError[] = []
  const hooks = {
    ...options.hooks,
    onError: (event: { error: KeywellError }) => errors.push(event.error),
  }
  const keywell = new Keywell({ url: service.url, apiKey, ...options, hooks })
  onTestFinished(() => keywell.close())
  await keywell.getCredential(query)
  await expect.poll(() => service.streams, { timeout: 5_000 }).toBe(1)
  await expect.poll(() => service.reads.length).toBe(2)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeDefined()
  return { keywell, errors }
}

/** Resolves when everything that was sent before has been read: the stream keeps its order. */
async function arrived(keywell: Keywell): Promise<void> {
  const marker = service.connect({ userId: `marker_${service.kept.length}` })
  const theirs = { ...query, userId: marker.connection.userId }
  await keywell.getCredential(theirs)
  service.refresh(marker)
  await expect.poll(() => keywell.getCredentialSync(theirs)?.generation, { timeout: 3_000 }).toBe(2)
}

const connects = () => service.calls.filter((call) => call === 'GET /v1/changes').length
const keyFetches = () => service.calls.filter((call) => call === 'GET /v1/changes/keys').length

describe('an event that the service did not sign', () => {
  test.each([
    ['is signed by nobody', async () => `event: change\ndata: {"kind":"disconnected"}\n\n`],
    [
      'is signed by somebody else',
      async () => {
        const other = await new StandInService().start()
        onTestFinished(() => other.stop())
        return other.signed({ event: 'change', after: '1.0.0', position: '1.99.0', change: {} })
      },
    ],
    [
      'is of a copy of the installation',
      () =>
        service.signed(
          { event: 'change', after: '1.0.0', position: '1.99.0', change: {} },
          'https://copy.example',
        ),
    ],
    [
      'was changed on its way',
      async () => {
        const text = await service.signed({
          event: 'change',
          after: '1.0.0',
          position: '1.9.0',
          change: {},
        })
        return text.replace(/\.(?=[^.]*$)/, '.A')
      },
    ],
  ])('that %s ends the stream and nothing else', async (_, forge) => {
    const { keywell, errors } = await openAndRead()
    const held = keywell.getCredentialSync(query)
    service.send(await forge())
    await expect.poll(connects).toBe(2)
    await arrived(keywell)
    expect(keywell.getCredentialSync(query)).toBe(held)
    expect(service.reads.filter(({ userId }) => userId === query.userId)).toHaveLength(2)
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('that the service did not sign'),
    ])
  })

  test('vouches for nothing: a service without signatures is one without a stream', async () => {
    let nowMs = 0
    const errors: KeywellError[] = []
    const old = 'event: hello\nid: 1.0.0\ndata: {"position":"1.0.0"}\n\n: heartbeat\n\n'
    const keywell = new Keywell({
      url: service.url,
      apiKey,
      now: () => nowMs,
      maxStaleMs: 10_000,
      hooks: { onError: ({ error }) => errors.push(error) },
      fetch: async (url, init) => {
        if (!String(url).endsWith('/v1/changes')) return fetch(url, init)
        service.calls.push('GET /v1/changes')
        return new Response(old, { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    onTestFinished(() => keywell.close())
    await keywell.getCredential(query)
    await expect.poll(connects, { timeout: 5_000 }).toBeGreaterThan(2)
    service.revoke(kept)
    nowMs = 9_999
    await keywell.getCredential(query)
    nowMs = 10_000
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
    const told = errors.filter(({ message }) => message.includes('change stream'))
    expect(told, 'one warning, however often it is tried').toHaveLength(1)
    expect(told[0]?.nextStep).toContain('not older than this SDK')
  })
})

describe('an event that was told before', () => {
  test('does nothing', async () => {
    const { keywell } = await openAndRead()
    service.refresh(kept)
    await expect
      .poll(() => keywell.getCredentialSync(query)?.generation, { timeout: 3_000 })
      .toBe(2)
    const held = keywell.getCredentialSync(query)
    const reads = service.reads.length
    for (const text of service.sent.filter((one) => one.startsWith('event: change'))) {
      service.send(text)
    }
    await arrived(keywell)
    expect(keywell.getCredentialSync(query)).toBe(held)
    expect(service.reads.slice(reads).filter(({ userId }) => userId === query.userId)).toEqual([])
    expect(connects()).toBe(1)
  })

  test.each([
    ['a refusal that was a false alarm', 'change', () => service.tell('needs_reauth', kept)],
    ['a flush', 'flush', () => service.flush()],
  ])('does nothing, be it %s', async (_, event, tell) => {
    const { keywell } = await openAndRead()
    const before = service.sent.length
    tell()
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    const held = await keywell.getCredential(query)
    const told = service.sent.slice(before).filter((text) => text.startsWith(`event: ${event}`))
    expect(told).toHaveLength(1)
    await arrived(keywell) // the log has gone on since
    service.send(told.join(''))
    await arrived(keywell)
    expect(keywell.getCredentialSync(query)).toBe(held)
  })

  test('on another stream, such as its hello, is no beginning', async () => {
    const { keywell, errors } = await openAndRead()
    const hello = service.sent.find((one) => one.startsWith('event: hello')) ?? ''
    service.send(hello)
    await expect.poll(connects).toBe(2)
    await arrived(keywell)
    expect(errors[0]?.message).toContain('beginning of another stream')
  })

  test('late vouches for then, not for now', async () => {
    let nowMs = 0
    service.clock = () => nowMs
    service.heartbeatMs = 100_000
    const { errors } = await openAndRead({ now: () => nowMs, maxStaleMs: 60_000 })
    const position = `1.${service.kept.length}.0`
    const beat = { event: 'heartbeat' as const, after: position, position, at: 2_000 }
    // Somebody held it back for longer than a stream may be silent.
    nowMs = 2_000 + 15_001
    service.send(await service.signed(beat))
    await expect.poll(() => errors.length).toBe(1)
    expect(errors[0]?.message).toContain('is behind by')
  })
})

describe('an event that was left out', () => {
  test('shows at the next change: everything is dropped', async () => {
    const onEvict = vi.fn()
    const { keywell } = await openAndRead({ hooks: { onEvict } })
    service.isSilent = true
    service.revoke(kept) // and somebody keeps it to himself
    service.isSilent = false
    service.heartbeatMs = 100_000
    service.connect({ userId: 'other' })
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    expect(onEvict).toHaveBeenCalledWith(expect.objectContaining({ reason: 'flush' }))
  })

  test('shows at the next heartbeat', async () => {
    const { keywell } = await openAndRead()
    service.isSilent = true
    service.revoke(kept)
    service.isSilent = false
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  })
})

describe('the keys', () => {
  test('are fetched once, and again when there is another one', async () => {
    let nowMs = 0
    service.clock = () => nowMs
    service.heartbeatMs = 100_000 // one under way while the clock jumps would be late
    const { keywell } = await openAndRead({ now: () => nowMs })
    expect(keyFetches()).toBe(1)
    await service.rotate()
    nowMs = 30_000 // and not before, whatever the events say
    service.refresh(kept)
    await expect
      .poll(() => keywell.getCredentialSync(query)?.generation, { timeout: 3_000 })
      .toBe(2)
    expect(keyFetches()).toBe(2)
    expect(connects()).toBe(1)
  })

  test('are not fetched for every key that somebody makes up', async () => {
    const { keywell, errors } = await openAndRead()
    const other = await new StandInService().start()
    onTestFinished(() => other.stop())
    for (let times = 2; times < 5; times += 1) {
      service.send(
        await other.signed({ event: 'heartbeat', after: '1.1.0', position: '1.1.0', at: 1 }),
      )
      await expect.poll(connects, { timeout: 3_000 }).toBe(times)
      await expect.poll(() => service.streams, { timeout: 3_000 }).toBe(1)
    }
    await arrived(keywell)
    expect(keyFetches()).toBe(1)
    expect(errors.length).toBeGreaterThan(0)
  })
})

describe('a credential that was replaced', () => {
  test('is not served from then on, though the new one is not there yet', async () => {
    const onEvict = vi.fn()
    const { keywell } = await openAndRead({ random: () => 0.999, hooks: { onEvict } })
    service.refresh(kept)
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    expect(onEvict).toHaveBeenCalledWith(
      expect.objectContaining({ reason: 'replaced', generation: 1 }),
    )
    expect((await keywell.getCredential(query)).generation).toBe(2)
  })

  test('is asked for once, by the first read or without one', async () => {
    const { keywell } = await openAndRead({ random: () => 0.5 })
    service.refresh(kept)
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    const many = await Promise.all(Array.from({ length: 5 }, () => keywell.getCredential(query)))
    expect(new Set(many).size).toBe(1)
    await arrived(keywell) // takes as long as the search in the background would
    expect(service.reads.filter(({ userId }) => userId === query.userId)).toHaveLength(3)
  })

  test('that nobody has used for long is let go', async () => {
    let nowMs = 0
    service.clock = () => nowMs
    const onEvict = vi.fn()
    const { keywell } = await openAndRead({
      now: () => nowMs,
      idleAfterMs: 5_000,
      hooks: { onEvict },
    })
    await new Promise((resolve) => setTimeout(resolve, 1_100)) // one sweep notes the last use
    nowMs = 10_000
    service.refresh(kept)
    await expect.poll(() => onEvict.mock.calls.length).toBe(1)
    expect(onEvict).toHaveBeenCalledWith(expect.objectContaining({ reason: 'idle' }))
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    expect(service.reads).toHaveLength(2)
  })
})
