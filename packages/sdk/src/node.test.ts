import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Keywell } from './index.ts'
import { type NodeRequest, toNodeHandler } from './node.ts'
import { apiKey, StandInService } from './testing/stand-in-service.ts'

const who = { tenantId: 'org_acme', userId: 'user_123' }

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

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo // listening on TCP, hence no string
  return `http://127.0.0.1:${port}`
}

test('serves the handler under node:http', async () => {
  const { connection } = service.connect()
  const origin = await listen(toNodeHandler(keywell, () => who))
  const listed = await fetch(`${origin}/api/keywell/connections`)
  expect(listed.headers.get('cache-control')).toBe('no-store')
  expect(await listed.json()).toMatchObject({ connections: [{ id: connection.id }] })

  const made = await fetch(`${origin}/api/keywell/session`, {
    method: 'POST',
    headers: { origin },
    body: JSON.stringify({ connectionId: connection.id }),
  })
  expect(made.status).toBe(201)
  const { sessionId } = await made.json()
  expect(service.sessions.get(sessionId)).toMatchObject({
    connectionId: connection.id,
    origins: [origin],
    returnUrl: `${origin}/api/keywell/finish`,
  })
})

test('under Express the path is whole and the body may be parsed already', async () => {
  const { connection } = service.connect()
  const handler = toNodeHandler(keywell, () => who)
  const origin = await listen((request: NodeRequest, response) => {
    request.originalUrl = request.url ?? ''
    request.url = request.originalUrl.replace('/api/keywell', '')
    void json(request).then((body) => {
      request.body = body
      handler(request, response)
    })
  })
  const made = await fetch(`${origin}/api/keywell/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ connectionId: connection.id }),
  })
  const { sessionId } = await made.json()
  expect(service.sessions.get(sessionId)).toMatchObject({
    connectionId: connection.id,
    returnUrl: `${origin}/api/keywell/finish`,
  })
})

test('who is asked with the request; nobody is 401', async () => {
  const handler = toNodeHandler(keywell, async (request) =>
    request.headers.cookie === 'session=1' ? who : null,
  )
  const origin = await listen(handler)
  const url = `${origin}/connections`
  expect((await fetch(url, { headers: { cookie: 'session=1' } })).status).toBe(200)
  const refused = await fetch(url)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({
    code: 'unauthorized',
    detail: 'Nobody is signed in.',
  })
  expect(service.calls).toEqual(['GET /v1/connections'])
})

test('what the app throws goes to next, or ends the answer with 500', async () => {
  const mistake = new Error('no session store')
  const handler = toNodeHandler(keywell, () => {
    throw mistake
  })
  const passed: unknown[] = []
  const withNext = await listen((request, response) => {
    handler(request, response, (error) => {
      passed.push(error)
      response.writeHead(418).end()
    })
  })
  expect((await fetch(`${withNext}/connections`)).status).toBe(418)
  expect(passed).toEqual([mistake])

  const answer = await fetch(`${await listen(handler)}/connections`)
  expect(answer.status).toBe(500)
  expect(await answer.text()).toBe('')
})
