import { KeywellError } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { apiKey, StandInService } from './stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }

async function read(service: StandInService): Promise<number> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(query) }
  return (await fetch(`${service.url}/v1/credentials`, init)).status
}

test('what the stand-in answers as the real service does passes', async () => {
  const service = await new StandInService().start()
  expect(await read(service)).toBe(404)
  const kept = service.connect()
  expect(await read(service)).toBe(200)
  service.revoke(kept)
  expect(await read(service)).toBe(409)
  service.emitPolicy(query.tenantId)
  service.changes.flush()
  service.changes.appendUnknown()
  service.changes.send('nonsense')
  await expect(service.stop()).resolves.toBeUndefined()
})

test.each<[string, (service: StandInService) => void, RegExp]>([
  [
    'an answer that lacks a field of its route',
    (service) => {
      const { connection } = service.connect()
      Object.assign(connection, { account: undefined })
    },
    /POST \/v1\/credentials: .*account/,
  ],
  [
    'a value that its route does not know',
    (service) => {
      const { connection } = service.connect()
      Object.assign(connection, { generation: 'first' })
    },
    /POST \/v1\/credentials: .*generation/,
  ],
  [
    'an error that its route does not have',
    (service) => {
      const gate = Promise.reject(new KeywellError('session_expired', 'It is over.'))
      gate.catch(() => {})
      service.gate = gate
    },
    /POST \/v1\/credentials: answered session_expired/,
  ],
  [
    'a change that is none',
    (service) => service.emit('renamed' as 'updated', service.connect()),
    /change renamed/,
  ],
])('a stand-in that has drifted fails its tests: %s', async (_, plant, message) => {
  const service = await new StandInService().start()
  plant(service)
  await read(service)
  await expect(service.stop()).rejects.toThrow(message)
})
