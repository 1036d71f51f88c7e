import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type ErrorCode, KeywellError } from '@keywell/protocol'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, type KeywellOptions } from './index.ts'
import { pauseMs, retryAfterMs } from './retry.ts'

/** What becomes of a request on its way: an answer of its own, or the end of the connection. */
type Fate =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object }
  /** The connection ends before the service sees the request, or after it has acted on it. */
  | 'cut'
  | 'lost'
  /** Nothing comes back. */
  | 'silence'

/** A proxy before the service, with what happens to the next requests; the others pass. */
class Middlebox {
  readonly fates: Fate[] = []
  readonly seen: IncomingMessage[] = []
  onSeen: () => void = () => {}
  url = ''

  async start(target: string): Promise<this> {
    const server = createServer((request, response) => void this.#serve(target, request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    return this
  }

  get keys(): unknown[] {
    return this.seen.map(({ headers }) => headers['idempotency-key'])
  }

  async #serve(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/v1/changes')) return void request.socket.destroy()
    const fate = this.fates.shift()
    this.seen.push(request)
    this.onSeen()
    if (fate === 'cut') return void request.socket.destroy()
    if (fate === 'silence') return
    if (typeof fate === 'object') {
      const { status, headers = {}, body } = fate
      const type = body === undefined ? 'text/html' : 'application/problem+json'
      response.writeHead(status, { 'content-type': type, ...headers })
      return void response.end(body === undefined ? '<html>' : JSON.stringify(body))
    }
    const { method = 'GET', url = '' } = request
    const body = method === 'GET' ? null : await buffer(request)
    const { authorization = '', 'content-type': type = 'application/json' } = request.headers
    const { 'idempotency-key': key } = request.headers
    const named = key === undefined ? {} : { 'idempotency-key': String(key) }
    const headers = { authorization, 'content-type': type, ...named }
    const answer = await fetch(target + url, { method, headers, body })
    const text = await answer.text()
    if (fate === 'lost') return void request.socket.destroy()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }
}

const engine = useEngine()
let service: Scene
let who: Scene['who']
let query: Scene['query']
let draft: { provider: string; tenantId: string; scopes: string[] }
let proxy: Middlebox
beforeEach(async () => {
  service = engine.current
  ;({ who, query } = service)
  draft = { provider: 'gitlab', tenantId: who.tenantId, scopes: ['api'] }
  proxy = await new Middlebox().start(service.url)
})

function open(options: KeywellOptions = {}): Keywell {
  const { apiKey } = service
  const keywell = new Keywell({ url: proxy.url, apiKey, random: () => 0, ...options })
  onTestFinished(() => keywell.close())
  return keywell
}

const problem = (code: ErrorCode) => {
  const body = new KeywellError(code, 'It did not work.', { retryAfterMs: 0 }).toProblem()
  return { status: body.status, body }
}

verifies.suite('sdk:retries', () => {
  const passing: [string, Fate][] = [
    ['a connection that ends', 'cut'],
    ['an answer that is lost', 'lost'],
    ['429', { status: 429 }],
    ['502', { status: 502 }],
    ['503', { status: 503 }],
    ['504', { status: 504 }],
    ['an outage that the service reports', problem('unavailable')],
  ]
  test.each(passing)('what reads is sent again after %s', async (_, fate) => {
    await service.connect()
    proxy.fates.push(fate, fate)
    const { connections } = await open().connections.list(who)
    expect(connections).toHaveLength(1)
    expect(proxy.seen).toHaveLength(3)
    proxy.fates.push(fate)
    expect((await open().getCredential(query)).generation).toBe(1)
    expect(proxy.seen).toHaveLength(5)
    expect(proxy.keys.filter(Boolean)).toEqual([])
  })

  const final: [string, Fate, string][] = [
    ['500', { status: 500 }, 'unavailable'],
    ['501', { status: 501 }, 'unavailable'],
    ['a failure of the service', problem('internal'), 'internal'],
    ['a refusal of the provider', problem('provider_error'), 'provider_error'],
    ['a refresh that is under way', problem('refresh_in_progress'), 'refresh_in_progress'],
  ]
  test.each(final)('nothing is sent again after %s', async (_, fate, code) => {
    proxy.fates.push(fate)
    await expect(open().connections.list(who)).rejects.toMatchObject({ code })
    expect(proxy.seen).toHaveLength(1)
  })

  test('it ends after `retries`, and 0 means never', async () => {
    const bad: Fate = { status: 502 }
    for (const [retries, attempts] of [
      [undefined, 3],
      [0, 1],
      [1, 2],
    ] as const) {
      proxy.seen.length = 0
      proxy.fates.splice(0, Number.POSITIVE_INFINITY, bad, bad, bad, bad)
      const keywell = open(retries === undefined ? {} : { retries })
      await expect(keywell.connections.list(who)).rejects.toThrow('answered 502')
      expect(proxy.seen).toHaveLength(attempts)
    }
  })

  test('a change is sent again under its key, and made once', async () => {
    const fates = ['lost', 'cut', { status: 502 }, { status: 429 }] as const
    for (const [index, fate] of fates.entries()) {
      const tenantId = `${who.tenantId}_${index}`
      proxy.fates.push(fate)
      const { id } = await open().integrations.create({ ...draft, tenantId })
      const { keys } = proxy
      const { integrations } = await open().integrations.list({ tenantId })
      expect(integrations.map((one) => one.id)).toEqual([id])
      proxy.seen.length = 0
      const [first, second, ...more] = keys
      expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect([second, more]).toEqual([first, []])
    }
  })

  test('a change that the service gave up half-way is not sent again', async () => {
    proxy.fates.push(problem('unavailable'))
    await expect(open().integrations.create(draft)).rejects.toMatchObject({ code: 'unavailable' })
    expect(proxy.seen).toHaveLength(1)
  })

  test('a change whose first attempt is still at work is sent again, until it has its answer', async () => {
    proxy.fates.push(problem('conflict'), problem('conflict'))
    await open().integrations.create(draft)
    const [key, ...others] = proxy.keys
    expect(others).toEqual([key, key])
    const { status, body } = problem('conflict')
    const { retryAfterMs: _, ...final } = body
    proxy.fates.push({ status, body: final })
    await expect(open().integrations.create(draft)).rejects.toMatchObject({ code: 'conflict' })
    expect(proxy.keys).toHaveLength(4)
  })

  test('a change that is the same when it is made twice is sent again', async () => {
    const keywell = open()
    const { id } = await keywell.integrations.create(draft)
    const { connection } = await service.connect()
    proxy.seen.length = 0
    proxy.fates.push('lost')
    const { tenantId } = draft
    const client = { integrationId: id, tenantId, clientId: 'id', clientSecret: 'secret' }
    expect(await keywell.integrations.setClient(client)).toMatchObject({ status: 'active' })
    proxy.fates.push({ status: 503 })
    await keywell.connections.delete({ ...who, connectionId: connection.id })
    const [put, putAgain, del, delAgain] = proxy.keys
    expect([putAgain, delAgain]).toEqual([put, del])
    expect(put).not.toBe(del)
  })

  test('a caller may name the change', async () => {
    const keywell = open()
    await keywell.integrations.create(draft, { idempotencyKey: 'setup-1' })
    expect(proxy.keys).toEqual(['setup-1'])
    for (const idempotencyKey of ['', 'two words', 'line\nend', 'é', 'x'.repeat(256)]) {
      await expect(keywell.integrations.create(draft, { idempotencyKey })).rejects.toThrow(
        TypeError,
      )
    }
    expect(proxy.keys).toHaveLength(1)
  })

  test('all attempts share one time limit, and a pause beyond it is not begun', async () => {
    proxy.fates.push({ status: 503, headers: { 'retry-after': '60' } })
    await expect(open({ requestTimeoutMs: 5_000 }).connections.list(who)).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterMs: 60_000,
    })
    proxy.fates.push('silence')
    await expect(open({ requestTimeoutMs: 50 }).connections.list(who)).rejects.toThrow(
      'did not answer within 50 ms',
    )
    expect(proxy.seen).toHaveLength(2)
  })

  test('a signal ends an attempt and a pause, with its reason', async () => {
    const reason = new Error('the caller has gone')
    const fates: Fate[] = ['silence', { status: 503, headers: { 'retry-after': '9' } }]
    for (const fate of fates) {
      const controller = new AbortController()
      proxy.fates.push(fate)
      proxy.onSeen = () => setTimeout(() => controller.abort(reason), 20)
      const { signal } = controller
      await expect(open().connections.list(who, { signal })).rejects.toBe(reason)
      // Before anything is sent, too.
      await expect(open().connections.list(who, { signal })).rejects.toBe(reason)
    }
    expect(proxy.seen).toHaveLength(2)
  })
})

test('a pause is drawn at random below a bound that doubles, behind what the service asks for', () => {
  expect([1, 2, 3, 20].map((failures) => pauseMs(failures, 1))).toEqual([200, 400, 800, 10_000])
  expect(pauseMs(1, 0)).toBe(0)
  expect(pauseMs(1, 0.5, 3_000)).toBe(3_100)
})

test('Retry-After is read as seconds and as a date', () => {
  const read = (text: string) => retryAfterMs(new Headers({ 'retry-after': text }))
  expect(read('3')).toBe(3_000)
  expect(read('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(0)
  expect(read(new Date(Date.now() + 3_600_000).toUTCString())).toBeGreaterThan(3_000_000)
  for (const text of ['', 'soon', '99999999999999']) expect(read(text)).toBeUndefined()
  expect(retryAfterMs(new Headers())).toBeUndefined()
})
