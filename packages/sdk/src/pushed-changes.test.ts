import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { Keywell, type KeywellOptions } from './index.ts'

// How soon is measured by `npm run bench -- push`; what a stream can do wrong is in `change-stream.test.ts`.

const engine = useEngine()
let service: Scene
let query: Scene['query']
beforeEach(() => {
  service = engine.current
  query = service.query
})

/** A Keywell that holds the credential, and has its stream up. */
async function openAndRead(options: KeywellOptions = {}): Promise<Keywell> {
  const keywell = new Keywell({ ...service.options, ...options })
  onTestFinished(() => keywell.close())
  await keywell.getCredential(query)
  await expect.poll(() => service.streams).toBe(1)
  // The stream began while the first answer was under way, so it was looked at again.
  await expect.poll(() => service.reads.length).toBe(2)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeDefined()
  return keywell
}

test('a revoked credential is gone, and the read after it says why', async () => {
  const kept = await service.connect({ type: 'oauth_token' })
  const onEvict = vi.fn()
  const keywell = await openAndRead({ hooks: { onEvict } })
  await service.revoke(kept)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
  expect(onEvict).toHaveBeenCalledWith({
    connectionId: kept.connection.id,
    generation: 1,
    reason: 'needs_reauth',
  })
})

test('a disconnected one too, for every spelling of the query', async () => {
  const kept = await service.connect()
  const keywell = await openAndRead()
  const withHost = { ...query, host: service.host }
  await keywell.getCredential(withHost)
  await service.disconnect(kept)
  await expect
    .poll(() => [query, withHost].map((one) => keywell.getCredentialSync(one)))
    .toEqual([undefined, undefined])
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
})

test('credentials of others stay', async () => {
  const other = { ...query, userId: 'user_456' }
  const kept = await service.connect()
  await service.connect({ userId: other.userId })
  const keywell = await openAndRead()
  const theirs = await keywell.getCredential(other)
  await service.disconnect(kept)
  await expect.poll(() => keywell.getCredentialSync(query)).toBeUndefined()
  expect(keywell.getCredentialSync(other)).toBe(theirs)
})

test.each(['oauth_token', 'api_key'] as const)(
  'a newer generation of an %s is fetched before anybody asks',
  async (type) => {
    const kept = await service.connect({ type })
    const keywell = await openAndRead()
    await service.refresh(kept)
    await expect.poll(() => keywell.getCredentialSync(query)?.credential).toBe(kept.credential)
  },
)

test('a new policy ends whatever is held for its tenant, and nothing of another', async () => {
  const colleague = { ...query, userId: 'c' }
  const stranger = { ...query, tenantId: `${query.tenantId}_other` }
  for (const { tenantId, userId } of [query, colleague, stranger]) {
    await service.connect({ tenantId, userId })
  }
  const onEvict = vi.fn()
  const keywell = await openAndRead({ hooks: { onEvict } })
  for (const who of [colleague, stranger]) await keywell.getCredential(who)
  const held = keywell.getCredentialSync(stranger)
  await service.setPolicy({ providers: ['gitlab'] })
  await expect
    .poll(() => [query, colleague].map((each) => keywell.getCredentialSync(each)))
    .toEqual([undefined, undefined])
  expect(onEvict.mock.calls.map(([{ reason }]) => reason)).toEqual(['policy', 'policy'])
  expect(keywell.getCredentialSync(stranger)).toBe(held)
  expect(service.reads, 'no request is sent before a read').toHaveLength(4)
  await expect(keywell.getCredential(query)).resolves.toBeDefined()
})

test('a change brings no credential into the cache', async () => {
  await service.connect()
  const keywell = await openAndRead()
  const kept = await service.connect({ userId: 'stranger' })
  await service.refresh(kept)
  expect(keywell.getCredentialSync({ ...query, userId: 'stranger' })).toBeUndefined()
  expect(service.reads).toHaveLength(2)
})
