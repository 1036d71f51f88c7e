import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, type KeywellUser } from './index.ts'

const engine = useEngine()
let service: Scene
let who: Scene['who']
let keywell: Keywell
let user: KeywellUser
beforeEach(() => {
  service = engine.current
  who = service.who
  keywell = new Keywell({ ...service.options, appOrigin: 'https://app.example' })
  user = keywell.forUser(who)
})
afterEach(() => keywell.close())

verifies('sdk:for-user', async () => {
  const kept = await service.connect()
  const work = await service.connect({ name: 'work' })
  await service.connect({ userId: 'user_456' })
  const { getCredential } = user
  expect((await getCredential('gitlab')).credential).toBe(kept.credential)
  const named = { provider: 'gitlab', connectionName: 'work' }
  expect((await getCredential(named)).credential).toBe(work.credential)
  expect(await getCredential.safe('other')).toMatchObject({ ok: false })
  expect(user.getCredentialSync(named)).toBe(await getCredential(named))
  // Both ways share the same cache.
  expect(user.getCredentialSync('gitlab')).toBe(
    await keywell.getCredential({ provider: 'gitlab', ...who }),
  )
  user.invalidate('gitlab')
  expect(user.getCredentialSync('gitlab')).toBeUndefined()
  expect(await user.warm(['gitlab'])).toMatchObject([{ ok: true }])
  expect(user.getCredentialSync('gitlab')).toBeDefined()
  for (const read of service.reads) expect(read).toMatchObject(who)

  const ids = (await user.connections.list()).connections.map(({ id }) => id)
  expect(ids).toEqual([kept.connection.id, work.connection.id])
  const reference = { connectionId: work.connection.id }
  // It was read meanwhile.
  const { lastUsedAt: _, ...same } = work.connection
  expect(await user.connections.get(reference)).toMatchObject(same)
  expect(await user.connections.delete(reference)).toMatchObject({ upstream: 'manual' })
  const page = { origins: ['https://app.example'], returnUrl: 'https://app.example/finish' }
  const { sessionId } = await user.createSession(page)
  expect(service.sessions.get(sessionId)).toMatchObject(who)
  const { returnUrl } = page
  const link = await user.createLink({ accountLabel: 'mira@acme.example', returnUrl })
  expect(link.url).toContain('/connect/link/')
})

test('no query names another user', async () => {
  const theirs = await service.connect({ userId: 'user_456' })
  // From a caller without types.
  const query = { provider: 'gitlab', userId: 'user_456' } as { provider: string }
  expect(user.query(query)).toMatchObject(who)
  await expect(user.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
  const reference = { connectionId: theirs.connection.id, userId: 'user_456' }
  await expect(user.connections.delete(reference)).rejects.toMatchObject({ code: 'not_found' })
})

test.each([
  [{ tenantId: '', userId: 'u' }, /forUser: tenantId/],
  [{ tenantId: '@install', userId: 'u' }, /forUser: tenantId/],
  [{ tenantId: 't', userId: '' }, /forUser: userId/],
  [{ tenantId: 't' } as Scene['who'], /forUser: userId/],
])('%j names no user', (owner, message) => {
  expect(() => keywell.forUser(owner)).toThrow(message)
})
