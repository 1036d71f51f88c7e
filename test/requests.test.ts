/** Who may come in, how often, with what, and what every answer carries: on real sockets. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CreatedDatabase, createDatabase } from './support/databases.ts'
import { openCreated, withStatements } from './support/inspected.ts'
import { appOrigin, createStage, mira, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

/** So slow that nothing comes back while a test runs. */
const slow = 0.001
let created: CreatedDatabase
let stage: Stage
/** How often the database was asked whether the service is ready. */
let readinessAsked = 0
/** Stands where a proxy of ours would: it says from where a request came. */
let server: Server

beforeAll(async () => {
  created = await createDatabase()
  const opened = await openCreated(created, { poolSize: 5 })
  const counted = withStatements(opened, (run, text) => {
    if (text === 'select 1 as one') readinessAsked += 1
    return run()
  })
  stage = await createStage(counted, {
    rateLimits: {
      key: { requestsPerSecond: slow, burst: 60 },
      address: { requestsPerSecond: slow, burst: 40 },
      wrongKeys: { requestsPerSecond: slow, burst: 5 },
    },
  })
  const answer = (asked: Request) =>
    stage.keywell.fetch(asked, { address: asked.headers.get('x-from') ?? undefined })
  server = createServer(getRequestListener(answer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await stage.stop()
  await created.drop()
})

interface Sent {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

// A listener on a TCP port has no path, so this is no string.
const port = () => (server.address() as AddressInfo).port

/** Every test comes from an address of its own. */
async function send(
  from: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer[],
): Promise<Sent> {
  const sent = request(`http://127.0.0.1:${port()}${path}`, {
    method,
    headers: { ...headers, 'x-from': from },
  })
  if (Array.isArray(body)) for (const chunk of body) sent.write(chunk)
  sent.end(typeof body === 'string' ? body : undefined)
  // The first argument of the event, by its documentation.
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: text }
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const newKey = async () => (await stage.keywell.apiKeys.create('a key')).key.expose()

verifies('T29:guessing', async () => {
  const from = '192.0.2.11'
  const verified = await newKey()
  const fresh = await newKey()
  expect((await send(from, 'GET', '/v1/providers', bearer(verified))).status).toBe(200)
  const last = verified.endsWith('0') ? '1' : '0'
  const wrong = `${verified.slice(0, -1)}${last}`
  for (let tries = 0; tries < 5; tries += 1) {
    expect((await send(from, 'GET', '/v1/providers', bearer(wrong))).status, `${tries}`).toBe(401)
  }
  const refused = await send(from, 'GET', '/v1/providers', bearer(wrong))
  expect(refused.status).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(60)
  expect(JSON.parse(refused.body)).toMatchObject({ code: 'rate_limited' })
  // A caller at the same address with a right key is let in, also with a key that was never used before.
  expect((await send(from, 'GET', '/v1/providers', bearer(fresh))).status).toBe(200)
  expect((await send(from, 'GET', '/v1/providers', bearer(verified))).status).toBe(200)
  expect((await send('192.0.2.12', 'GET', '/v1/providers', bearer(fresh))).status).toBe(200)
  expect((await send(from, 'GET', '/metrics', bearer(wrong))).status).toBe(429)
})

verifies('T29:key-rate', async () => {
  const key = await newKey()
  const answers = await Promise.all(
    Array.from({ length: 70 }, () => send('192.0.2.13', 'GET', '/v1/providers', bearer(key))),
  )
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(60)
  const [late] = answers.filter(({ status }) => status === 429)
  expect(Number(late?.headers['retry-after'])).toBeGreaterThan(60)
  expect(JSON.parse(late?.body ?? '')).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: expect.any(Number),
  })
  const other = await newKey()
  expect((await send('192.0.2.13', 'GET', '/v1/providers', bearer(other))).status).toBe(200)
})

verifies('T29:address-rate', async () => {
  const paths = [
    '/connect/style.css',
    '/openapi.json',
    '/oauth/callback/int_x',
    '/connect/providers',
  ]
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => send('192.0.2.14', 'GET', paths[index % 4] ?? '')),
  )
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(10)
  const late = answers.filter(({ status }) => status === 429)
  for (const { headers } of late) expect(Number(headers['retry-after'])).toBeGreaterThan(60)
  // A person gets a page that says it.
  const page = await send('192.0.2.14', 'GET', '/oauth/callback/int_x')
  expect(page).toMatchObject({ status: 429, body: expect.stringContaining('<!doctype html>') })
  // A call with a key is counted by its key, and a health check is counted apart.
  expect((await send('192.0.2.14', 'GET', '/v1/providers', bearer(await newKey()))).status).toBe(
    200,
  )
  expect((await send('192.0.2.14', 'GET', '/livez')).status).toBe(200)
  expect((await send('192.0.2.15', 'GET', '/connect/style.css')).status).toBe(200)
})

verifies('requests:kept-answers', async () => {
  const from = '192.0.2.20'
  const ask = () => send(from, 'GET', '/readyz')
  const answers = await Promise.all(Array.from({ length: 40 }, ask))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(readinessAsked).toBeLessThan(5)
  const late = await ask()
  expect(late.status).toBe(429)
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(60)
  // That says nothing of calls from there, and calls say nothing of this.
  expect((await send(from, 'GET', '/connect/style.css')).status).toBe(200)

  const documents = await Promise.all(
    Array.from({ length: 10 }, () => send('192.0.2.21', 'GET', '/openapi.json')),
  )
  expect(new Set(documents.map(({ body }) => body)).size).toBe(1)
  expect(JSON.parse(documents[0]?.body ?? '').openapi).toBe('3.1.0')
  expect(documents[0]?.headers['content-type']).toBe('application/json')
})

verifies('requests:json', async () => {
  const from = '192.0.2.16'
  const key = bearer(await newKey())
  const session = await stage.session(mira)
  const page = { ...bearer(session.connectToken), origin: appOrigin }
  const body = JSON.stringify({ provider: 'gitlab', ...mira })
  for (const [path, headers] of [
    ['/v1/credentials', key],
    ['/v1/connect/sessions', key],
    ['/v1/api-keys', key],
    ['/connect/flows', page],
  ] as const) {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'text/plain; application/json',
    ]) {
      const answer = await send(from, 'POST', path, { ...headers, 'content-type': type }, body)
      expect(answer.status, `${path} ${type}`).toBe(415)
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'unsupported_media_type',
        nextStep: expect.stringContaining('application/json'),
      })
    }
    expect((await send(from, 'POST', path, headers, body)).status, path).toBe(415)
    const chunked = await send(from, 'POST', path, { ...headers, 'transfer-encoding': 'chunked' }, [
      Buffer.from(body),
    ])
    expect(chunked.status, path).toBe(415)
  }
  for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
    const answer = await send(
      from,
      'POST',
      '/v1/credentials',
      { ...key, 'content-type': type },
      body,
    )
    expect(JSON.parse(answer.body), type).toMatchObject({ code: 'not_connected' })
  }
  // What has no body needs no type.
  expect((await send(from, 'DELETE', '/v1/connections/x', key)).status).toBe(400)
})

verifies('requests:body', async () => {
  const from = '192.0.2.17'
  const headers = { ...bearer(await newKey()), 'content-type': 'application/json' }
  const big = 'x'.repeat(65 * 1024)
  const stated = await send(from, 'POST', '/v1/credentials', headers, big)
  expect(stated.status).toBe(413)
  // A body that does not say how long it is is counted as it comes.
  const chunks = Array.from({ length: 65 }, () => Buffer.alloc(1024, 'x'))
  const untold = { ...headers, 'transfer-encoding': 'chunked' }
  expect((await send(from, 'POST', '/v1/credentials', untold, chunks)).status).toBe(413)
  expect(
    (await send(from, 'POST', '/connect/start', { 'transfer-encoding': 'chunked' }, chunks)).status,
  ).toBe(413)
})

verifies('requests:headers', async () => {
  const from = '192.0.2.18'
  const key = bearer(await newKey())
  const session = await stage.session(mira)
  const token = bearer(session.connectToken)
  const answers: Record<string, Sent> = {
    page: await send(from, 'GET', '/oauth/callback/int_x?code=x&state=y'),
    start: await send(
      from,
      'POST',
      '/connect/start',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'start_code=x',
    ),
    style: await send(from, 'GET', '/connect/style.css'),
    json: await send(from, 'GET', '/v1/providers', key),
    refusal: await send(from, 'GET', '/v1/providers'),
    nowhere: await send(from, 'GET', '/nowhere'),
    flows: await send(from, 'GET', '/connect/providers', { ...token, origin: appOrigin }),
    health: await send(from, 'GET', '/livez'),
    description: await send(from, 'GET', '/openapi.json'),
  }
  for (const [name, { headers }] of Object.entries(answers)) {
    expect(headers['content-security-policy'], name).toMatch(/^default-src 'none'; /)
    expect(headers['content-security-policy'], name).toContain("frame-ancestors 'none'")
    expect(headers['content-security-policy'], name).not.toContain('script-src')
    expect(headers, name).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['x-powered-by'], name).toBeUndefined()
    if (name !== 'style') expect(headers['cache-control'], name).toBe('no-store')
    // Only a session's own origin may read an answer, and none with cookies.
    const allowed = name === 'flows' ? appOrigin : undefined
    expect(headers['access-control-allow-origin'], name).toBe(allowed)
    expect(headers['access-control-allow-credentials'], name).toBeUndefined()
  }

  const evil = { origin: 'https://evil.example' }
  const asking = { ...evil, 'access-control-request-method': 'POST' }
  for (const path of ['/v1/credentials', '/v1/api-keys', '/connect/start', '/metrics', '/livez']) {
    const { headers } = await send(from, 'OPTIONS', path, asking)
    expect(headers['access-control-allow-origin'], path).toBeUndefined()
  }
  const elsewhere = await send(from, 'GET', '/connect/providers', { ...token, ...evil })
  expect(elsewhere.status).toBe(403)
  expect(elsewhere.headers['access-control-allow-origin']).toBeUndefined()
})

test('a request that is none is refused, and the service goes on', async () => {
  for (const bytes of [
    'GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`,
    '\0\0\0\0\r\n\r\n',
  ]) {
    const socket = connect(port(), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(bytes)
    let answer = ''
    for await (const chunk of socket.setEncoding('utf8')) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
  }
  expect((await send('192.0.2.19', 'GET', '/livez')).status).toBe(200)
})
