import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keywell } from './keywell.ts'
import { apiKey, StandInService } from './testing/stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
let service: StandInService
let keywell: Keywell

beforeEach(async () => {
  service = await new StandInService().start()
  keywell = new Keywell({ url: service.url, apiKey })
})
afterEach(async () => {
  keywell.close()
  await service.stop()
})

test('reads once and answers from memory after that', async () => {
  const kept = service.connect()
  const first = await keywell.getCredential(query)
  expect(first.credential).toBe(kept.credential)
  expect(await keywell.getCredential(query)).toBe(first)
  expect(service.reads).toHaveLength(1)
})

test('a revoked credential is gone within a second while the stream is up', async () => {
  const kept = service.connect()
  await keywell.getCredential(query)
  await expect.poll(() => service.streams).toBe(1)
  service.revoke(kept)
  await expect.poll(() => keywell.getCredentialSync(query), { timeout: 1_000 }).toBeUndefined()
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'needs_reauth' })
})
