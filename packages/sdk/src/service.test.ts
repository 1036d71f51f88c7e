import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Keywell, type KeywellOptions } from './index.ts'
import { apiKey, StandInService } from './testing/stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
const secret = 'glpat-secret'

let service: StandInService
beforeEach(async () => {
  service = await new StandInService().start()
})
afterEach(() => service.stop())

function open(options: KeywellOptions = {}): Keywell {
  const keywell = new Keywell({ url: service.url, apiKey, ...options })
  onTestFinished(() => keywell.close())
  return keywell
}

test.each<[string, () => Response, RegExp]>([
  [
    'HTML',
    () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    /at the body/,
  ],
  ['an empty body', () => new Response(''), /at the body/],
  ['JSON of something else', () => Response.json({ hello: 'world' }), /fit the protocol/],
  [
    'a credential that lacks its header',
    () => Response.json({ unchanged: false, credential: secret, generation: 1 }),
    /fit the protocol \(at .*header/,
  ],
  ['502 of a proxy', () => new Response('Bad gateway', { status: 502 }), /answered 502/],
  ['500 as JSON', () => Response.json({ error: 'oops' }, { status: 500 }), /answered 500/],
  ['404 of another server', () => new Response('no', { status: 404 }), /answered 404/],
  [
    'a redirect',
    () => new Response(null, { status: 302, headers: { location: 'https://login.example' } }),
    /answered 302/,
  ],
  ['an endless body', () => new Response('x'.repeat(6_000_000)), /too large/],
])('%s is "unavailable", and the address is named', async (_, answer, message) => {
  service.answerAll = answer
  const error = await open()
    .getCredential(query)
    .catch((error) => error)
  expect(error).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(service.url),
    nextStep: expect.stringContaining('KEYWELL_URL'),
  })
  expect(error.message).toMatch(message)
  expect(JSON.stringify(error)).not.toContain(secret)
})

test('a refused connection is named as one', async () => {
  await service.stop()
  await expect(open().getCredential(query)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/could not be reached \(ECONNREFUSED\)/),
  })
})

test('a service that does not answer is given up after requestTimeoutMs', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo // listening on TCP, hence no string
  const keywell = open({ url: `http://127.0.0.1:${port}`, requestTimeoutMs: 50 })
  await expect(keywell.getCredential(query)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/did not answer within 50 ms/),
  })
})

test('an error of the service keeps its code, its request id and its next step', async () => {
  await expect(open({ apiKey: 'wrong' }).getCredential(query)).rejects.toMatchObject({
    code: 'unauthorized',
    requestId: expect.stringMatching(/^req_/),
    nextStep: expect.stringContaining('valid key'),
  })
})

test('an error is not remembered when it says nothing about the credential', async () => {
  service.connect()
  service.answerAll = () => new Response('', { status: 502 })
  const keywell = open()
  await expect(keywell.getCredential(query)).rejects.toMatchObject({ code: 'unavailable' })
  service.answerAll = undefined
  expect((await keywell.getCredential(query)).generation).toBe(1)
})

test('the service may live below a path', async () => {
  const paths: string[] = []
  const keywell = open({
    url: 'https://app.example/keywell/',
    fetch: async (url) => {
      paths.push(String(url))
      return new Response(null, { status: 404 })
    },
  })
  await keywell.getCredential.safe(query)
  expect(paths).toContain('https://app.example/keywell/v1/credentials')
})
