import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keywell } from './index.ts'
import { apiKey, confirmed, newId, StandInService } from './testing/stand-in-service.ts'

const who = { tenantId: 'org_acme', userId: 'user_123' }
const query = { provider: 'gitlab', ...who }

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

test('connections are listed, read and removed', async () => {
  const { connection } = service.connect()
  service.connect({ userId: 'user_456' })
  expect((await keywell.connections.list(who)).connections).toEqual([connection])
  expect((await keywell.connections.list({ tenantId: who.tenantId })).connections).toHaveLength(2)
  expect(await keywell.connections.list({ tenantId: who.tenantId, limit: 1 })).toMatchObject({
    connections: [connection],
  })
  const reference = { ...who, connectionId: connection.id }
  expect(await keywell.connections.get(reference)).toEqual(connection)
  expect(await keywell.connections.disconnect(reference)).toMatchObject({
    connection: { status: 'disconnected' },
    upstream: 'revoked',
  })
})

test('a connection of somebody else is not found', async () => {
  const { connection } = service.connect({ userId: 'user_456' })
  const reference = { ...who, connectionId: connection.id }
  await expect(keywell.connections.get(reference)).rejects.toMatchObject({ code: 'not_found' })
  await expect(keywell.connections.disconnect(reference)).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a credential that is disconnected here is gone before the stream says so', async () => {
  service.isSilent = true
  const { connection } = service.connect()
  await keywell.getCredential(query)
  await keywell.connections.disconnect({ ...who, connectionId: connection.id })
  expect(keywell.getCredentialSync(query)).toBeUndefined()
})

test('a connect that is confirmed here ends the remembered miss', async () => {
  service.isSilent = true
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
  const { sessionId } = await keywell.connect.createSession({
    ...who,
    origins: ['https://app.example'],
    returnUrl: 'https://app.example/finish',
  })
  const answer = confirmed(service.connect())
  service.tickets.set('ticket', { userId: who.userId, answer })
  const flow = { sessionId, flowId: answer.flowId, ticket: 'ticket', ...who }
  expect(await keywell.connect.confirm(flow)).toEqual(answer)
  expect((await keywell.getCredential(query)).generation).toBe(1)
})

test('integrations are drafted, completed and listed', async () => {
  const draft = await keywell.integrations.create({ provider: 'gitlab', scopes: ['api'] })
  expect(draft).toMatchObject({ status: 'draft', redirectUri: expect.stringContaining(draft.id) })
  const client = { integrationId: draft.id, clientId: 'id', clientSecret: 'secret' }
  const active = await keywell.integrations.setClient(client)
  expect(active).toMatchObject({ id: draft.id, status: 'active', clientId: 'id' })
  expect(await keywell.integrations.list()).toEqual([active])
  expect(await keywell.integrations.list({ tenantId: 'org_acme' })).toEqual([])
})

test('an integration id has no place for a path', async () => {
  const client = { integrationId: '../keys', clientId: 'id', clientSecret: 'secret' }
  await expect(keywell.integrations.setClient(client)).rejects.toMatchObject({
    code: 'invalid_request',
  })
  expect(service.calls).toEqual([])
})

test.each<[string, () => Promise<unknown>, RegExp]>([
  ['a list without tenant', () => keywell.connections.list({ tenantId: '' }), /"tenantId"/],
  [
    'a list of too many',
    () => keywell.connections.list({ tenantId: 'a', limit: 501 }),
    /connections.list: "limit"/,
  ],
  [
    'an id that is none',
    () => keywell.connections.get({ ...who, connectionId: 'con_1' }),
    /connectionId/,
  ],
  [
    'a confirmation of no session',
    () => keywell.connect.confirm({ ...who, sessionId: 'x', flowId: newId('flow'), ticket: 't' }),
    /sessionId/,
  ],
  [
    'a session without origins',
    () => keywell.connect.createSession({ ...who, origins: [], returnUrl: 'https://a.example' }),
    /"origins"/,
  ],
  [
    'half a client',
    () => keywell.integrations.create({ provider: 'gitlab', scopes: ['api'], clientId: 'id' }),
    /come together/,
  ],
])('%s is refused here', async (_, call, message) => {
  await expect(call()).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(message),
  })
  expect(service.calls).toEqual([])
})
