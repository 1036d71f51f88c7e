import type { StreamEventData } from '@keywell/protocol'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
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

/** A Keywell that holds the credential and has its stream up. */
async function openAndRead(options: KeywellOptions = {}): Promise<Keywell> {
  const keywell = new Keywell({ url: service.url, apiKey, ...options })
  onTestFinished(() => keywell.close())
  await keywell.getCredential(query)
  await expect.poll(() => service.changes.streams).toBe(1)
  await expect.poll(() => service.reads.length).toBe(2)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeDefined()
  return keywell
}

/** Resolves when everything that was sent before has been read: the stream keeps its order. */
async function arrived(keywell: Keywell): Promise<void> {
  const marker = service.connect({ userId: `marker_${service.kept.length}` })
  const theirs = { ...query, userId: String(marker.connection.userId) }
  await keywell.getCredential(theirs)
  service.refresh(marker)
  await expect.poll(() => keywell.getCredentialSync(theirs)?.generation).toBe(2)
}

const connects = () => service.calls.filter((call) => call === 'GET /v1/changes').length
const logReads = () => service.calls.filter((call) => call === 'GET /v1/changes/log').length

describe('an event that the service never sent', () => {
  /** The next event of a man in the middle. In the chain: as if it followed what was sent last. */
  interface Lie {
    event: StreamEventData['event']
    isInChain: boolean
    kind: 'connected' | 'refreshed' | 'recovered' | 'updated' | 'revoked' | 'policy'
    generation: number
    isOfOther: boolean
  }
  const quiet = fc.record<Lie>({
    event: fc.constantFrom('heartbeat', 'change'),
    isInChain: fc.constant(true),
    kind: fc.constantFrom('recovered', 'updated'),
    generation: fc.constantFrom(1, 2, 2 ** 31),
    isOfOther: fc.boolean(),
  })
  const loud = fc.record<Lie>({
    event: fc.constantFrom('hello', 'flush', 'heartbeat', 'change'),
    isInChain: fc.boolean(),
    kind: fc.constantFrom('connected', 'refreshed', 'recovered', 'updated', 'revoked', 'policy'),
    generation: fc.constantFrom(0, 1, 2, 2 ** 31),
    isOfOther: fc.boolean(),
  })
  const lies = fc.oneof(
    fc.array(quiet, { minLength: 1, maxLength: 8 }),
    fc.array(fc.oneof(quiet, loud), { minLength: 1, maxLength: 8 }),
  )

  function eventOf(lie: Lie, number: number): StreamEventData {
    const after = lie.isInChain ? `1.${number}.0` : '7.7.0'
    const position = lie.isInChain ? `1.${number + 1}.0` : '9.9.0'
    if (lie.event === 'hello' || lie.event === 'flush') return { event: lie.event, position }
    if (lie.event === 'heartbeat') return { event: lie.event, after, position }
    const { tenantId, userId, provider, host, name, id } = kept.connection
    const place = { position, at: new Date(0).toISOString(), tenantId }
    const connectionId = lie.isOfOther ? 'con_01K0000000000000000000000A' : id
    const { kind, generation } = lie
    const of = { userId, provider, host, name, connectionId, generation }
    const change = kind === 'policy' ? { ...place, kind } : { ...place, ...of, kind }
    return { event: lie.event, after, position, change }
  }

  verifies('T28:forged', async () => {
    const maxStaleMs = 10_000
    let servedToTheEnd = 0
    await fc.assert(
      fc.asyncProperty(lies, async (sent) => {
        await service.stop()
        service = await new StandInService().start()
        service.changes.heartbeatMs = 100_000
        kept = service.connect()
        let nowMs = 0
        let isCut = false
        const keywell = await openAndRead({
          now: () => nowMs,
          maxStaleMs,
          // What a man in the middle lets pass besides: credentials, and forged events.
          fetch: (url, init) =>
            isCut && String(url).includes('/v1/changes/log')
              ? Promise.reject(new TypeError('cut'))
              : fetch(url, init),
        })
        isCut = true
        service.changes.isSilent = true
        const known = service.kept.length
        service.revoke(kept)
        for (const [index, lie] of sent.entries()) {
          nowMs = ((maxStaleMs - 1) * (index + 1)) / sent.length
          service.changes.forge(eventOf(lie, known + index))
          await turns()
          if (keywell.getCredentialSync(query) !== undefined && nowMs === maxStaleMs - 1) {
            servedToTheEnd += 1
          }
        }
        nowMs = maxStaleMs
        expect(keywell.getCredentialSync(query)).toBeUndefined()
        await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
        keywell.close()
      }),
      { numRuns: 40 },
    )
    expect(servedToTheEnd, 'lies that went unnoticed').toBeGreaterThan(5)
  })

  verifies('T28:forged-successor', async () => {
    const onEvict = vi.fn()
    const keywell = await openAndRead({ hooks: { onEvict } })
    const { tenantId, userId, provider, host, name, id } = kept.connection
    const of = { tenantId, userId, provider, host, name, connectionId: id }
    service.changes.forge({
      event: 'change',
      after: '1.1.0',
      position: '1.99.0',
      change: {
        ...of,
        kind: 'refreshed',
        generation: 2 ** 31,
        position: '1.99.0',
        at: new Date().toISOString(),
      },
    })
    await expect.poll(() => onEvict.mock.calls.length).toBe(1)
    // One lie costs one fetch, and does not refuse what the service answers.
    expect(await keywell.getCredential(query)).toMatchObject({ generation: 1 })
  })

  test('that is no JSON ends the connection, not what is held', async () => {
    const errors: string[] = []
    const keywell = await openAndRead({
      hooks: { onError: ({ error }) => errors.push(error.message) },
    })
    const held = keywell.getCredentialSync(query)
    service.changes.send('event: change\ndata: nonsense\n\n')
    await expect.poll(connects).toBe(2)
    await expect.poll(() => service.changes.streams).toBe(1)
    await arrived(keywell)
    expect(keywell.getCredentialSync(query)).toBe(held)
    expect(errors).toEqual([expect.stringContaining('no JSON object')])
  })
})

/** Enough turns of the event loop for what was sent on a loopback socket to be read. */
async function turns(): Promise<void> {
  const before = performance.now()
  do await new Promise((resolve) => setTimeout(resolve, 2))
  while (performance.now() - before < 6)
}

describe('the log', () => {
  verifies('T27:log-validates', async () => {
    let nowMs = 0
    const keywell = await openAndRead({ now: () => nowMs, maxStaleMs: 60_000 })
    const reads = service.reads.length
    const held = keywell.getCredentialSync(query)
    for (let step = 1; step <= 5; step += 1) {
      const before = logReads()
      // Less than half of the bound: from there on it is compared by itself.
      nowMs += 25_000
      await expect.poll(logReads).toBe(before + 1)
      // Its answer is taken before the next sweep.
      await expect.poll(() => keywell.getCredentialSync(query)).toBe(held)
    }
    expect(nowMs).toBeGreaterThan(120_000)
    expect(service.reads).toHaveLength(reads)
  })

  verifies('T27:log-fills-gaps', async () => {
    let nowMs = 0
    const keywell = await openAndRead({ now: () => nowMs, maxStaleMs: 60_000 })
    service.changes.isSilent = true
    service.revoke(kept)
    nowMs = 20_000
    await expect.poll(() => keywell.getCredentialSync(query), { timeout: 5_000 }).toBeUndefined()
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  })

  test('validates as of the time that its page names, not of now', async () => {
    let nowMs = 0
    const keywell = await openAndRead({ now: () => nowMs, maxStaleMs: 60_000 })
    service.changes.isSilent = true
    service.changes.logAgeMs = 1_000_000
    nowMs = 20_000
    const before = logReads()
    await expect.poll(logReads).toBe(before + 1)
    const reads = service.reads.length
    nowMs = 60_000
    await keywell.getCredential(query)
    expect(service.reads).toHaveLength(reads + 1)
  })

  test('that has missed something drops everything', async () => {
    let nowMs = 0
    const onEvict = vi.fn()
    const keywell = await openAndRead({ now: () => nowMs, maxStaleMs: 60_000, hooks: { onEvict } })
    service.changes.isSilent = true
    service.connect({ userId: 'other' })
    service.changes.forgetLog()
    nowMs = 20_000
    await expect.poll(() => onEvict.mock.calls.length).toBe(1)
    expect(onEvict).toHaveBeenCalledWith(expect.objectContaining({ reason: 'flush' }))
    expect((await keywell.getCredential(query)).generation).toBe(1)
  })

  test('that holds what is not understood drops everything', async () => {
    let nowMs = 0
    const keywell = await openAndRead({ now: () => nowMs, maxStaleMs: 60_000 })
    service.changes.isSilent = true
    service.changes.appendUnknown()
    nowMs = 20_000
    await expect.poll(() => keywell.getCredentialSync(query), { timeout: 5_000 }).toBeUndefined()
  })
})

describe('an event that comes a second time', () => {
  test('does nothing', async () => {
    const keywell = await openAndRead()
    service.refresh(kept)
    await expect.poll(() => keywell.getCredentialSync(query)?.generation).toBe(2)
    const held = keywell.getCredentialSync(query)
    const reads = service.reads.length
    for (const text of service.changes.sent.filter((one) => one.startsWith('event: change'))) {
      service.changes.send(text)
    }
    await arrived(keywell)
    expect(keywell.getCredentialSync(query)).toBe(held)
    expect(service.reads.slice(reads).filter(({ userId }) => userId === query.userId)).toEqual([])
    expect(connects()).toBe(1)
  })

  test('does nothing, be it a refusal that was a false alarm', async () => {
    const keywell = await openAndRead()
    const before = service.changes.sent.length
    service.emit('needs_reauth', kept)
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    const held = await keywell.getCredential(query)
    const events = service.changes.sent
      .slice(before)
      .filter((text) => text.startsWith('event: change'))
    expect(events).toHaveLength(1)
    await arrived(keywell) // the log has gone on since
    service.changes.send(events.join(''))
    await arrived(keywell)
    expect(keywell.getCredentialSync(query)).toBe(held)
  })
})

describe('an event that was left out', () => {
  test('shows at the next change: everything is dropped', async () => {
    const onEvict = vi.fn()
    const keywell = await openAndRead({ hooks: { onEvict } })
    service.changes.isSilent = true
    service.revoke(kept) // and its event is left out
    service.changes.isSilent = false
    service.changes.heartbeatMs = 100_000
    service.connect({ userId: 'other' })
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    expect(onEvict).toHaveBeenCalledWith(expect.objectContaining({ reason: 'flush' }))
  })

  test('shows at the next heartbeat', async () => {
    const keywell = await openAndRead()
    service.changes.isSilent = true
    service.revoke(kept)
    service.changes.isSilent = false
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  })
})

describe('a credential that was replaced', () => {
  test('is not served from then on, though the new one is not there yet', async () => {
    const onEvict = vi.fn()
    const keywell = await openAndRead({ random: () => 0.999, hooks: { onEvict } })
    service.refresh(kept)
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    expect(onEvict).toHaveBeenCalledWith(
      expect.objectContaining({ reason: 'replaced', generation: 1 }),
    )
    expect((await keywell.getCredential(query)).generation).toBe(2)
  })

  test('is asked for once, by the first read or without one', async () => {
    const keywell = await openAndRead({ random: () => 0.5 })
    service.refresh(kept)
    await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
    const many = await Promise.all(Array.from({ length: 5 }, () => keywell.getCredential(query)))
    expect(new Set(many).size).toBe(1)
    await arrived(keywell) // takes as long as the search in the background would
    expect(service.reads.filter(({ userId }) => userId === query.userId)).toHaveLength(3)
  })

  test('that was not used for long is let go', async () => {
    let nowMs = 0
    const onEvict = vi.fn()
    const keywell = await openAndRead({
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
