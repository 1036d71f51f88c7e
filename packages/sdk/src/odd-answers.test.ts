import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Keywell, type KeywellOptions } from './index.ts'
import { createSteppedClock } from './testing/clock.ts'
import { apiKey, fetchWithoutChanges, StandInService } from './testing/stand-in-service.ts'

// Answers that the real service cannot be made to give at a certain time.

const minute = 60_000
const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }

let service: StandInService
beforeEach(async () => {
  service = await new StandInService().start()
})
afterEach(() => service.stop())

/** Without the change stream, whose beginning looks at everything once more. */
function open(options: KeywellOptions = {}): Keywell {
  const keywell = new Keywell({
    url: service.url,
    apiKey,
    fetch: fetchWithoutChanges,
    ...options,
  })
  onTestFinished(() => keywell.close())
  return keywell
}

function openWithClock(options: KeywellOptions = {}) {
  const { options: clock, pass } = createSteppedClock()
  return { keywell: open({ ...clock, ...options }), pass }
}

test('inside the soft window with nothing newer, the service is not asked at each read', async () => {
  service.connect({ expiresInMs: 120 * minute })
  const { keywell, pass } = openWithClock()
  const first = await keywell.getCredential(query)
  // The stand-in's clock stands still: the credential has the life that it had.
  for (const kept of service.kept) kept.endsAtMs = performance.now() + 14 * minute
  pass(106 * minute)
  for (let i = 0; i < 5; i += 1) {
    expect(await keywell.getCredential(query)).toBe(first)
    await pause(10)
  }
  expect(service.reads).toHaveLength(2)
})

test('needs_reauth is remembered for 30 s, with its reason', async () => {
  service.revoke(service.connect())
  const { keywell, pass } = openWithClock()
  const expected = { code: 'needs_reauth', reason: 'revoked', requestId: expect.any(String) }
  await expect(keywell.getCredential(query)).rejects.toMatchObject(expected)
  pass(29_999)
  await expect(keywell.getCredential(query)).rejects.toMatchObject(expected)
  expect(service.reads).toHaveLength(1)
  pass(2)
  await expect(keywell.getCredential(query)).rejects.toMatchObject(expected)
  expect(service.reads).toHaveLength(2)
})

test('an answer that has expired on arrival is refused', async () => {
  service.connect({ expiresInMs: 0 })
  await expect(open({ waitMs: 0 }).getCredential(query)).rejects.toMatchObject({
    code: 'refresh_in_progress',
    retryAfterMs: 1_000,
  })
})
describe('a generation that is lower than one that was seen', () => {
  test('is refused, and reported (T15)', async () => {
    const kept = service.connect()
    service.refresh(kept)
    const onError = vi.fn()
    const keywell = open({ hooks: { onError } })
    await keywell.getCredential(query)
    kept.connection.generation = 1 // an old row was restored; no change names it
    keywell.invalidate(query)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({
      code: 'credential_unreadable',
      message: expect.stringMatching(/generation 1 .* but 2 was seen/),
    })
    expect(onError).toHaveBeenCalled()
  })

  test('is refused as an answer to a comparison, too, and what is held stays', async () => {
    const kept = service.connect({ expiresInMs: 120 * minute })
    service.refresh(kept)
    const { keywell, pass } = openWithClock()
    const held = await keywell.getCredential(query)
    kept.connection.generation = 1
    pass(119 * minute + 1)
    expect(await keywell.getCredential(query)).toBe(held)
    pass(minute)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({
      code: 'credential_unreadable',
    })
  })
})
