import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { buffer, json, text as textOf } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell } from './index.ts'
import { type Http2Request, type NodeRequest, toNodeHandler } from './node.ts'

/** Of the app; where the test listens is none of its business. */
const origin = 'https://app.example'

const engine = useEngine()
let service: Scene
let who: Scene['who']
let keywell: Keywell
beforeEach(() => {
  service = engine.current
  who = service.who
  keywell = new Keywell({ ...service.options, appOrigin: origin })
})
afterEach(() => keywell.close())

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
  const { connection } = await service.connect()
  const url = await listen(toNodeHandler(keywell, () => who))
  const listed = await fetch(`${url}/api/keywell/connections`)
  expect(listed.headers.get('cache-control')).toBe('no-store')
  expect(await listed.json()).toMatchObject({ connections: [{ id: connection.id }] })

  const made = await fetch(`${url}/api/keywell/session`, {
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
  const { connection } = await service.connect()
  const handler = toNodeHandler(keywell, () => who)
  const url = await listen((request: NodeRequest, response) => {
    request.originalUrl = request.url ?? ''
    request.url = request.originalUrl.replace('/api/keywell', '')
    void json(request).then((body) => {
      request.body = body
      handler(request, response)
    })
  })
  const made = await fetch(`${url}/api/keywell/session`, {
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

verifies.suite('sdk:node-adapter', () => {
  let connectionId: string
  let text: string
  beforeEach(async () => {
    connectionId = (await service.connect()).connection.id
    text = JSON.stringify({ connectionId })
  })

  /** Posts `sent`, after `before` has done what middleware does; answers what the session is for. */
  async function post(
    sent: string,
    before: (request: NodeRequest) => unknown,
    type = 'application/json',
  ): Promise<unknown> {
    const handler = toNodeHandler(keywell, () => who)
    const serve = async (request: NodeRequest, response: ServerResponse) => {
      await before(request)
      handler(request, response, (error) => response.writeHead(500).end(String(error)))
    }
    const url = await listen((request, response) => void serve(request, response))
    const init = { method: 'POST', headers: { origin, 'content-type': type }, body: sent }
    const answer = await fetch(`${url}/api/keywell/session`, init)
    if (answer.status !== 201) return `${answer.status} ${await answer.text()}`
    const { sessionId } = await answer.json()
    return service.sessions.get(sessionId)?.connectionId
  }

  test.each<[string, (request: NodeRequest) => unknown]>([
    ['not at all', () => {}],
    ['as an object', async (request) => Object.assign(request, { body: await json(request) })],
    ['as bytes', async (request) => Object.assign(request, { body: await buffer(request) })],
    ['as text', async (request) => Object.assign(request, { body: await textOf(request) })],
    [
      'by a parser for other types, which left an empty object',
      (request) => {
        request.body = {}
      },
    ],
    [
      'by one that left an empty text',
      (request) => {
        request.body = ''
      },
    ],
    [
      'by one that left no bytes',
      (request) => {
        request.body = Buffer.alloc(0)
      },
    ],
    [
      'by one that left null',
      (request) => {
        request.body = null
      },
    ],
  ])('a body that was read before: %s', async (_, before) => {
    expect(await post(text, before)).toBe(connectionId)
  })

  test('an empty body is one, whoever read it', async () => {
    expect(await post('', () => {})).toBeUndefined()
    expect(await post('', (request) => textOf(request))).toBeUndefined()
    const readEmpty = async (request: NodeRequest) => {
      await json(request)
      request.body = {}
    }
    expect(await post('{}', readEmpty)).toBeUndefined()
    expect(service.sessions.size).toBe(3)
  })

  test('a body that was read and thrown away is said to be, and no session is made', async () => {
    expect(await post(text, (request) => textOf(request))).toMatch(
      /^500 .*the body was read before/,
    )
    expect(service.sessions.size).toBe(0)
  })

  test.each(['[]', '"text"', '5', 'null', 'no JSON'])('%s is no body', async (sent) => {
    const asText = async (request: NodeRequest) => {
      request.body = await textOf(request)
    }
    expect(await post(sent, asText)).toMatch(/^400 .*must be a JSON object/)
  })

  test('HTTP/2, whose pseudo-headers are no headers', async () => {
    const handler = toNodeHandler<Http2Request>(keywell, ({ headers }) =>
      headers[':authority'] === undefined ? null : who,
    )
    const server = createHttp2Server((request, response) => handler(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // listening on TCP, hence no string
    const client = connect(`http://127.0.0.1:${port}`)
    onTestFinished(() => {
      client.close()
      server.close()
    })
    const ask = async (method: string, path: string, body: string) => {
      const stream = client.request({ ':method': method, ':path': path, origin })
      stream.end(body)
      const [headers] = await once(stream, 'response')
      return { status: headers[':status'], body: await json(stream) }
    }
    const made = await ask('POST', '/api/keywell/session', text)
    expect(made.status).toBe(201)
    const { sessionId } = made.body as { sessionId: string }
    expect(service.sessions.get(sessionId)).toMatchObject({ connectionId, origins: [origin] })
    expect(await ask('POST', '/api/keywell/session', '{"connectionID":1}')).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    })
  })

  test.each([
    'http://[',
    '*',
    'http://evil.example/api/keywell/connections',
    '//evil.example/connections',
  ])('a target that says where it is says nothing: %s', async (target) => {
    const url = await listen((request: NodeRequest, response) => {
      request.originalUrl = target
      toNodeHandler(keywell, () => who)(request, response)
    })
    const { status } = await fetch(`${url}/`)
    expect(status).toBe(target.endsWith('connections') ? 200 : 404)
  })
})

test('who is asked with the request; nobody is 401', async () => {
  const handler = toNodeHandler(keywell, async (request) =>
    request.headers.cookie === 'session=1' ? who : null,
  )
  const url = `${await listen(handler)}/connections`
  expect((await fetch(url, { headers: { cookie: 'session=1' } })).status).toBe(200)
  const refused = await fetch(url)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({
    code: 'unauthorized',
    detail: 'Nobody is signed in.',
  })
  expect(service.calls).toEqual(['GET /v1/connections'])
})

test('an error of the app goes to next, or is a warning of the process behind an empty 500', async () => {
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

  const warned = once(process, 'warning')
  const answer = await fetch(`${await listen(handler)}/connections`)
  expect(answer.status).toBe(500)
  expect(await answer.text()).toBe('')
  expect(await warned).toEqual([mistake])
})
