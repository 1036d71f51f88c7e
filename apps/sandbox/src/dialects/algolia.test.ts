import { algoliasearch } from 'algoliasearch'
import { expect, onTestFinished, test } from 'vitest'
import { type Algolia, type AlgoliaApplication, createAlgolia } from './algolia/index.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

async function start() {
  const algolia = await createAlgolia()
  onTestFinished(() => algolia.stop())
  const [application, other] = algolia.applications
  return { algolia, application, other }
}

function client({ id, url }: AlgoliaApplication, key: string) {
  const host = { url: new URL(url).host, protocol: 'http', accept: 'readWrite' } as const
  return algoliasearch(id, key, { hosts: [host] })
}

async function call(
  { id, url }: AlgoliaApplication,
  path: string,
  key: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
) {
  const { headers, ...rest } = init
  return await fetch(url + path, {
    ...rest,
    headers: { 'x-algolia-application-id': id, 'x-algolia-api-key': key, ...headers },
  })
}

const search = (application: AlgoliaApplication, key: string, headers = {}) =>
  call(application, '/1/indexes/harbour/query', key, { method: 'POST', body: '{}', headers })

test("Algolia's own client looks at its key, makes one, changes it and deletes it", async () => {
  const { algolia, application } = await start()
  const admin = client(application, application.adminKey)
  const { key } = await admin.addApiKey({ acl: ['search', 'browse'], description: 'Northwind' })
  expect(await client(application, key).getApiKey({ key })).toMatchObject({
    value: key,
    acl: ['search', 'browse'],
    validity: 0,
  })
  await admin.updateApiKey({ key, apiKey: { acl: ['search'] } })
  expect(await admin.getApiKey({ key })).toMatchObject({ acl: ['search'], description: '' })
  expect((await admin.listApiKeys()).keys).toHaveLength(2)
  await admin.deleteApiKey({ key })
  await expect(client(application, key).getApiKey({ key })).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('Invalid Application-ID or API key'),
  })
  expect(algolia.unexpected()).toEqual([])
})

test('a key is nothing at the host of another application', async () => {
  const { algolia, application, other } = await start()
  const key = algolia.createKey(application, { acl: ['search'] })
  const status = async (url: string, id: string) =>
    (await call({ ...application, url, id }, `/1/keys/${key}`, key)).status
  expect(await status(application.url, application.id)).toBe(200)
  expect(await status(application.url, other.id)).toBe(403)
  expect(await status(other.url, application.id)).toBe(403)
  expect(await status(other.url, other.id)).toBe(403)
})

test('a dead key is a 403, whose body is like that of a wrong one', async () => {
  const { algolia, application } = await start()
  const key = algolia.createKey(application, { acl: ['search'], validity: 300 })
  const look = async (value: string) => {
    const response = await call(application, `/1/keys/${value}`, value)
    return [response.status, await bodyOf(response)]
  }
  expect((await look(key))[0]).toBe(200)
  const dead = [403, { message: 'Invalid Application-ID or API key', status: 403 }]
  expect(await look('nonsense')).toEqual(dead)
  algolia.advance(300)
  expect(await look(key)).toEqual(dead)
  const deleted = algolia.createKey(application, { acl: ['search'] })
  algolia.deleteKey(application, deleted)
  expect(await look(deleted)).toEqual(dead)
})

test('a key looks at itself alone and without its description; the admin key looks at all', async () => {
  const { algolia, application } = await start()
  const key = algolia.createKey(application, { description: 'Northwind', validity: 300 })
  const other = algolia.createKey(application, {})
  const own = await bodyOf(await call(application, `/1/keys/${key}`, key))
  expect(own).toMatchObject({ description: '<redacted>', validity: expect.any(Number) })
  const foreign = await call(application, `/1/keys/${other}`, key)
  expect([foreign.status, (await bodyOf(foreign)).message]).toEqual([
    403,
    'Method not allowed with this API key',
  ])
  const seen = await call(application, `/1/keys/${key}`, application.adminKey)
  expect(await bodyOf(seen)).toMatchObject({ description: 'Northwind' })
  const none = await call(application, '/1/keys/nobody', application.adminKey)
  expect(none.status).toBe(404)
  expect((await call(application, '/1/keys', key)).status).toBe(403)
})

test('a call that the key has no permission for is a 403 too, with another text', async () => {
  const { algolia, application } = await start()
  const key = algolia.createKey(application, { acl: ['search'] })
  expect((await search(application, key)).status).toBe(200)
  const refused = await call(application, '/1/indexes', key)
  expect([refused.status, (await bodyOf(refused)).message]).toEqual([
    403,
    'Method not allowed with this API key',
  ])
})

test('restrictions make a good key fail, and the key shows them', async () => {
  const { algolia, application } = await start()
  const referers = ['https://northwind.example/*']
  const limited = algolia.createKey(application, { acl: ['search'], referers })
  expect((await search(application, limited)).status).toBe(403)
  const headers = { referer: 'https://northwind.example/shop' }
  expect((await search(application, limited, headers)).status).toBe(200)
  const shown = await bodyOf(await call(application, `/1/keys/${limited}`, limited))
  expect(shown.referers).toEqual(referers)
  const from = (address: string) =>
    algolia.createKey(application, {
      acl: ['search'],
      queryParameters: `restrictSources=${address}`,
    })
  expect((await search(application, from('192.0.2.1'))).status).toBe(403)
  expect((await search(application, from('127.0.0.1'))).status).toBe(200)
})

test('queries are counted by address and hour', async () => {
  const { algolia, application } = await start()
  const key = algolia.createKey(application, { acl: ['search'], maxQueriesPerIPPerHour: 2 })
  const statuses: number[] = []
  for (let count = 0; count < 3; count += 1) statuses.push((await search(application, key)).status)
  expect(statuses).toEqual([200, 200, 429])
  algolia.advance(3_600)
  expect((await search(application, key)).status).toBe(200)
})

test('a change resets every attribute that is left out', async () => {
  const { algolia, application } = await start()
  const key = algolia.createKey(application, { acl: ['search'], indexes: ['dev_*'] })
  const body = JSON.stringify({ acl: ['browse'] })
  await call(application, `/1/keys/${key}`, application.adminKey, { method: 'PUT', body })
  const shown = await bodyOf(await call(application, `/1/keys/${key}`, key))
  expect(shown).toMatchObject({ acl: ['browse'], indexes: [] })
})

test('a secured key is derived offline, ends by its time, and dies with its parent', async () => {
  const { algolia, application } = await start()
  const parent = algolia.createKey(application, { acl: ['search'] })
  const validUntil = `${Math.floor(Date.now() / 1_000) + 300}`
  const secured = algolia.secureKey(parent, { filters: 'owner:ada', validUntil })
  expect((await search(application, secured)).status).toBe(200)
  const tampered = Buffer.from(
    Buffer.from(secured, 'base64').toString().replace('ada', 'eve'),
  ).toString('base64')
  expect((await search(application, tampered)).status).toBe(403)
  // The admin key makes none.
  const forbidden = algolia.secureKey(application.adminKey, {})
  const refused = await search(application, forbidden)
  expect([refused.status, (await bodyOf(refused)).message]).toEqual([
    403,
    'Invalid Application-ID or API key',
  ])
  const short = algolia.createKey(application, { acl: ['search'], validity: 300 })
  const ofShort = algolia.secureKey(short, {})
  expect((await search(application, ofShort)).status).toBe(200)
  algolia.advance(301)
  expect((await search(application, ofShort)).status).toBe(403)
  const expired = await search(application, secured)
  expect([expired.status, (await bodyOf(expired)).message]).toEqual([
    403,
    expect.stringContaining('validUntil'),
  ])
  const lasting = algolia.secureKey(parent, { filters: 'owner:ada' })
  expect((await search(application, lasting)).status).toBe(200)
  algolia.deleteKey(application, parent)
  expect((await search(application, lasting)).status).toBe(403)
})

test('a write is accepted before it is done', async () => {
  const { algolia, application } = await start()
  const key = algolia.createKey(application, { acl: ['addObject'] })
  const writer = client(application, key)
  const saved = await writer.saveObject({ indexName: 'harbour', body: { name: 'Quay' } })
  expect(saved).toMatchObject({ taskID: expect.any(Number) })
})

test('every answer can be quoted, and names of headers have no case', async () => {
  const { application } = await start()
  const response = await fetch(`${application.url}/1/keys/${application.adminKey}`, {
    headers: {
      'X-Algolia-Application-Id': application.id,
      'X-ALGOLIA-API-KEY': application.adminKey,
    },
  })
  expect([response.status, response.headers.get('correlation-id')]).toEqual([
    200,
    expect.stringMatching(/^[0-9a-f-]{36}$/),
  ])
})

test('a request id of another form, and a key in the query, are kept as unexpected', async () => {
  const { algolia, application }: { algolia: Algolia; application: AlgoliaApplication } =
    await start()
  const key = algolia.createKey(application, {})
  await call(application, `/1/keys/${key}`, key, { headers: { 'request-id': 'abcdefghijk' } })
  expect(algolia.unexpected()).toEqual([])
  await call(application, `/1/keys/${key}`, key, { headers: { 'request-id': 'a-1' } })
  const query = `x-algolia-application-id=${application.id}&x-algolia-api-key=${key}`
  expect((await fetch(`${application.url}/1/keys/${key}?${query}`)).status).toBe(200)
  expect(algolia.unexpected()).toHaveLength(2)
})
