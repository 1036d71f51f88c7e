import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, type KeywellOptions } from './index.ts'
import { apiKey, fetchWithoutChanges, StandInService } from './testing/stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
const minute = 60_000

let service: StandInService
beforeEach(async () => {
  service = await new StandInService().start()
})
afterEach(() => service.stop())

/**
 * A Keywell that holds a credential, without the change stream, and the clocks of its machine. With the
 * monotonic one of this machine, what is held is fresh without a look at it.
 */
async function openAndRead(options: KeywellOptions & { monotonic?: 'own' } = {}) {
  const { monotonic, ...others } = options
  const kept = service.connect({ expiresInMs: 120 * minute })
  let monotonicMs = 5_000
  let wallMs = 1_800_000_000_000
  const keywell = new Keywell({
    url: service.url,
    apiKey,
    ...(monotonic === 'own' ? {} : { now: () => monotonicMs }),
    wallNow: () => wallMs,
    fetch: fetchWithoutChanges,
    ...others,
  })
  onTestFinished(() => keywell.close())
  await keywell.getCredential(query)
  return {
    keywell,
    kept,
    /** The machine runs. */
    pass: (ms: number) => {
      monotonicMs += ms
      wallMs += ms
    },
    /** The machine is suspended, or its clock is set. */
    suspend: (ms: number) => {
      wallMs += ms
    },
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

verifies.suite('sdk:paused', () => {
  test('what was withdrawn during a pause is not served after it', async () => {
    const { keywell, kept, pass, suspend } = await openAndRead()
    pass(10_000)
    expect(keywell.getCredentialSync(query)).toBeDefined()
    service.revoke(kept)
    // Shorter than `maxStaleMs`, so that the bound alone would let it pass.
    suspend(20_000)
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  })

  test('what still holds costs one request, and is served from memory again', async () => {
    const { keywell, suspend } = await openAndRead()
    suspend(10 * minute)
    const first = await keywell.getCredential(query)
    const asked = service.reads.length
    for (let i = 0; i < 5; i += 1) expect(await keywell.getCredential(query)).toBe(first)
    expect(service.reads).toHaveLength(asked)
  })

  test('a clock that is set forward by hand costs one request, and one that is set back none', async () => {
    const { keywell, suspend, pass } = await openAndRead()
    suspend(5_000)
    await keywell.getCredential(query)
    await keywell.getCredential(query)
    expect(service.reads).toHaveLength(2)
    suspend(-60 * minute)
    await keywell.getCredential(query)
    pass(10_000)
    await keywell.getCredential(query)
    expect(service.reads).toHaveLength(2)
    // After it was set back, a pause shows as before.
    suspend(5_000)
    await keywell.getCredential(query)
    expect(service.reads).toHaveLength(3)
  })

  test('time in a pause is time: a credential that ended in it is not served, service or no service', async () => {
    const { keywell, suspend } = await openAndRead({ staleIfUnavailableMs: 600 * minute })
    await service.stop()
    suspend(119 * minute)
    // It was asked for, in vain; what is still valid inside the chosen bound may be served then.
    expect((await keywell.getCredential(query)).generation).toBe(1)
    suspend(2 * minute)
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('an answer that was on its way through the pause is asked for again', async () => {
    const { keywell, suspend } = await openAndRead()
    keywell.invalidate(query)
    let open = () => {}
    service.gate = new Promise((resolve) => {
      open = resolve
    })
    const reading = keywell.getCredential(query)
    await expect.poll(() => service.reads.length).toBe(2)
    suspend(20_000)
    open()
    await reading
    expect(service.reads).toHaveLength(3)
  })

  test('what is fresh without a look at the clock is not, after a pause', async () => {
    const { keywell, kept, suspend } = await openAndRead({ monotonic: 'own' })
    expect(keywell.getCredentialSync(query)).toBeDefined()
    service.revoke(kept)
    suspend(20_000)
    await nextTurn()
    expect(keywell.getCredentialSync(query)).toBeUndefined()
    await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  })
})
