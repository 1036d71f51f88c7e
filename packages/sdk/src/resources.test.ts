import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell } from './index.ts'
import { newId } from './testing/ids.ts'

const engine = useEngine()
let service: Scene
let who: Scene['who']
let query: Scene['query']
let keywell: Keywell
beforeEach(() => {
  service = engine.current
  ;({ who, query } = service)
  keywell = new Keywell(service.options)
})
afterEach(() => keywell.close())

test('connections are listed, read and removed', async () => {
  const { connection } = await service.connect()
  await service.connect({ userId: 'user_456' })
  expect((await keywell.connections.list(who)).connections).toEqual([connection])
  expect((await keywell.connections.list({ tenantId: who.tenantId })).connections).toHaveLength(2)
  expect(await keywell.connections.list({ tenantId: who.tenantId, limit: 1 })).toMatchObject({
    connections: [connection],
  })
  const reference = { ...who, connectionId: connection.id }
  expect(await keywell.connections.get(reference)).toEqual(connection)
  expect(await keywell.connections.delete(reference)).toMatchObject({
    connection: { status: 'disconnected' },
    upstream: 'manual',
  })
})

verifies('connections:brands', async () => {
  await service.connect()
  const { brands } = await keywell.connections.list({
    ...who,
    brands: ['algolia', 'azure-devops', 'nothing'],
  })
  expect(brands).toEqual({
    algolia: { title: 'Algolia', mark: { color: '#003dff', path: expect.stringMatching(/^M/) } },
    'azure-devops': { title: 'Azure DevOps', mark: null },
    gitlab: { title: 'GitLab', mark: { color: '#fc6d26', path: expect.stringMatching(/^m/) } },
  })
  expect(await keywell.connections.list({ ...who, brands: [] })).toMatchObject({
    brands: { gitlab: { title: 'GitLab' } },
  })
  expect(await keywell.connections.list(who)).not.toHaveProperty('brands')
  const badName = keywell.connections.list({ ...who, brands: ['../x' as 'gitlab'] })
  await expect(badName).rejects.toMatchObject({ code: 'invalid_request' })
})

verifies('sdk:lists', async () => {
  const ids: string[] = []
  for (const name of ['n0', 'n1', 'n2', 'n3', 'n4']) {
    ids.push((await service.connect({ name })).connection.id)
  }
  const query = { ...who, limit: 2 }
  const list = keywell.connections.list(query)
  expect(service.calls).toEqual([])
  const first = await list
  expect(first.connections.map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect((await itemsOf(list)).map(({ id }) => id)).toEqual(ids)
  expect(service.calls).toHaveLength(3)

  const pages: number[] = []
  for await (const { connections } of keywell.connections.list(query).pages()) {
    pages.push(connections.length)
    if (pages.length === 2) break
  }
  expect(pages).toEqual([2, 2])
  expect(service.calls).toHaveLength(5)

  const cursor = first.nextCursor ?? ''
  const rest = await itemsOf(keywell.connections.list({ ...query, cursor }))
  expect(rest.map(({ id }) => id)).toEqual(ids.slice(2))

  const { tenantId } = who
  const draft = await keywell.integrations.create({ provider: 'gitlab', tenantId, scopes: ['api'] })
  expect(await itemsOf(keywell.integrations.list({ tenantId }))).toEqual([draft])
})

test('a page that cannot be read ends the iteration with its error', async () => {
  await service.connect()
  await service.connect({ name: 'work' })
  const came: string[] = []
  const read = async () => {
    for await (const { name } of keywell.connections.list({ ...who, limit: 1 })) {
      came.push(name)
      service.isDown = true
    }
  }
  await expect(read()).rejects.toMatchObject({ code: 'unavailable' })
  expect(came).toEqual(['default'])
})

test('a connection of another user is not found', async () => {
  const { connection } = await service.connect({ userId: 'user_456' })
  const reference = { ...who, connectionId: connection.id }
  await expect(keywell.connections.get(reference)).rejects.toMatchObject({ code: 'not_found' })
  await expect(keywell.connections.delete(reference)).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a credential that is disconnected here is gone before the stream says so', async () => {
  service.withoutChanges = true
  const { connection } = await service.connect()
  await keywell.getCredential(query)
  await keywell.connections.delete({ ...who, connectionId: connection.id })
  expect(keywell.getCredentialSync(query)).toBeUndefined()
})

test('a connect that is confirmed here ends the remembered miss', async () => {
  service.withoutChanges = true
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'not_connected' })
  const session = await keywell.connect.createSession({
    ...who,
    origins: ['https://app.example'],
    returnUrl: 'https://app.example/finish',
  })
  const ticket = await service.consent(session)
  const answer = await keywell.connect.confirm({ ...ticket, ...who })
  expect(answer).toMatchObject({ status: 'connected', connection: { ...who, status: 'active' } })
  expect((await keywell.getCredential(query)).generation).toBe(1)
})

test('a link is made for a user, ends with a code where that was asked for, and is withdrawn', async () => {
  const link = { ...who, accountLabel: 'mira@acme.example' }
  const { sessionId, url } = await keywell.connect.createLink({
    ...link,
    confirmBy: 'code',
    startedIn: 'a terminal',
  })
  expect(new URL(url).pathname).toMatch(/^\/connect\/link\/[\w-]{43}$/)
  const code = { ...who, sessionId, code: 'BBBB-BBBB' }
  await expect(keywell.connect.confirm(code)).rejects.toMatchObject({ code: 'flow_expired' })
  const ended = { sessionId, revoked: true }
  expect(await keywell.connect.revokeSession({ ...who, sessionId })).toEqual(ended)
  await expect(keywell.connect.confirm(code)).rejects.toMatchObject({ code: 'not_found' })
  await expect(keywell.connect.revokeSession({ ...who, sessionId })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('integrations are drafted, completed and listed', async () => {
  const { tenantId } = who
  const draft = await keywell.integrations.create({ provider: 'gitlab', tenantId, scopes: ['api'] })
  expect(draft).toMatchObject({ status: 'draft', redirectUri: expect.stringContaining(draft.id) })
  const client = { integrationId: draft.id, clientId: 'id', clientSecret: 'secret', tenantId }
  const active = await keywell.integrations.setClient(client)
  expect(active).toMatchObject({ id: draft.id, status: 'active', clientId: 'id' })
  expect(await keywell.integrations.list({ tenantId })).toEqual({ integrations: [active] })
  const other = await keywell.integrations.list({ tenantId: 'org_other' })
  expect(other).toEqual({ integrations: [] })
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
    'a link that leads nowhere',
    () => keywell.connect.createLink({ ...who, accountLabel: 'mira' }),
    /returnUrl/,
  ],
  [
    'a ticket and a code',
    () => {
      const both = { flowId: newId('flow'), ticket: 't', code: 'BBBB-BBBB' }
      return keywell.connect.confirm({ ...who, sessionId: newId('session'), ...both })
    },
    /flowId and ticket, or code/,
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

async function itemsOf<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}
