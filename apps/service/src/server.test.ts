import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { clientAddress } from './client-address.ts'
import { openServer, timeouts } from './server.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** The same times, a hundred times as fast. */
const shortened = {
  ...timeouts,
  headersTimeout: 100,
  requestTimeout: 300,
  keepAliveTimeout: 650,
  connectionsCheckingInterval: 20,
  silenceTimeout: 1_800,
}

/** A service that says whose a request is and how long its body was. */
async function listen(proxies = 0): Promise<number> {
  const echo = async (request: Request, from: { address?: string | undefined } = {}) =>
    new Response(`${from.address} ${(await request.text()).length}`)
  const options = { host: '127.0.0.1', port: 0, proxies, timeouts: shortened, maxConnections: 50 }
  return new Promise((resolve) => {
    open.push(openServer({ fetch: echo }, options, ({ port }) => resolve(port)))
  })
}

/** Sends the first part, and the second repeatedly until the server closes. Resolves to what it received. */
async function drip(port: number, begin: string, again: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8').on('data', (text) => {
    received += text
  })
  socket.on('error', () => {}) // it is cut off while it writes
  socket.write(begin)
  const dripping = setInterval(() => socket.write(again), 10)
  await once(socket, 'close')
  clearInterval(dripping)
  return received
}

const post = 'POST / HTTP/1.1\r\nHost: a\r\n'

verifies('requests:slow-clients', async () => {
  const port = await listen()
  const [headers, body, silent] = await Promise.all([
    drip(port, post, 'X: y\r\n'),
    drip(port, `${post}Content-Length: 60000\r\n\r\n`, 'z'),
    drip(port, '', ''),
  ])
  expect(headers).toMatch(/^HTTP\/1\.1 408 /)
  expect(body).toMatch(/^HTTP\/1\.1 408 /)
  expect(silent).toMatch(/^(HTTP\/1\.1 408 |$)/)
  const huge = await drip(port, `${post}X: ${'y'.repeat(20_000)}\r\n\r\n`, '')
  expect(huge).toMatch(/^HTTP\/1\.1 431 /)
  // A quick client is answered meanwhile, and a connection that is kept is closed when it is idle.
  const [answer, idle] = await Promise.all([
    fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'abc' }),
    drip(port, `${post}Content-Length: 2\r\n\r\nab`, ''),
  ])
  expect(await answer.text()).toBe('127.0.0.1 3')
  expect(idle).toMatch(/^HTTP\/1\.1 200 /)
})

test('the times are those that are meant for the internet', () => {
  expect(timeouts).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 })
  expect(Number(timeouts.keepAliveTimeout)).toBeGreaterThan(60_000)
})

verifies('requests:client-address', async () => {
  const ask = async (proxies: number, forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    const answer = await fetch(`http://127.0.0.1:${await listen(proxies)}`, { headers })
    return (await answer.text()).split(' ')[0]
  }
  expect(await ask(0)).toBe('127.0.0.1')
  expect(await ask(0, '203.0.113.9')).toBe('127.0.0.1')
  expect(await ask(1, '203.0.113.9')).toBe('203.0.113.9')
  expect(await ask(1, 'a client may say anything, 203.0.113.9')).toBe('203.0.113.9')
  expect(await ask(2, '198.51.100.1, 203.0.113.9, 10.0.0.1')).toBe('203.0.113.9')
  expect(await ask(2, '203.0.113.9')).toBe('undefined')
  expect(await ask(1)).toBe('undefined')
  // Two headers count as one that is joined, as Node does.
  const socket = { remoteAddress: '127.0.0.1' } as Parameters<typeof clientAddress>[0]['socket']
  const headers = { 'x-forwarded-for': ' 198.51.100.1 ,203.0.113.9 ' }
  expect(clientAddress({ headers, socket }, 1)).toBe('203.0.113.9')
})

/** Listens with a service of the test's own. */
async function serve(
  answer: () => Response,
  options: Partial<Parameters<typeof openServer>[1]>,
): Promise<number> {
  const all = { host: '127.0.0.1', port: 0, proxies: 0, maxConnections: 50, ...options }
  return new Promise((resolve) => {
    open.push(openServer({ fetch: async () => answer() }, all, ({ port }) => resolve(port)))
  })
}

verifies('requests:connections', async () => {
  let asked = 0
  const answer = () => {
    asked += 1
    return new Response('ok')
  }
  const port = await serve(answer, { maxConnections: 10 })
  const idle: Socket[] = []
  for (let index = 0; index < 10; index += 1) {
    const socket = connect(port, '127.0.0.1')
    idle.push(socket)
    await once(socket, 'connect')
  }
  const ask = (path = '/') =>
    drip(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, '')
  const refused = await ask()
  expect(refused).toMatch(/^HTTP\/1\.1 503 /)
  expect(refused).toMatch(/retry-after: 1/i)
  expect(refused).toContain('"code":"unavailable"')
  expect(asked).toBe(0)
  // Else an orchestrator would restart a process that has many clients.
  expect(await ask('/livez')).toMatch(/^HTTP\/1\.1 200 /)
  for (const socket of idle.splice(0, 5)) {
    socket.destroy()
    await once(socket, 'close')
  }
  await expect.poll(() => ask()).toMatch(/^HTTP\/1\.1 200 /)
  for (const socket of idle) socket.destroy()
})

verifies('requests:silent-readers', async () => {
  let cancelled = false
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel() {
          cancelled = true
        },
      }),
    )
  const port = await serve(endless, { timeouts: shortened })
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  socket.pause()
  await expect.poll(() => cancelled).toBe(true)
  socket.destroy()
})

verifies('requests:uncounted-proxy', async () => {
  const seen: unknown[] = []
  const onUncountedProxy = (address: unknown) => void seen.push(address)
  const ask = async (port: number, headers: Record<string, string>) => {
    await (await fetch(`http://127.0.0.1:${port}`, { headers })).text()
  }
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }
  const uncounted = await serve(() => new Response('ok'), { onUncountedProxy })
  await ask(uncounted, {})
  expect(seen).toEqual([])
  for (const headers of [forwarded, { forwarded: 'for=203.0.113.9' }]) await ask(uncounted, headers)
  expect(seen).toEqual([{ address: '127.0.0.1' }])
  const counted = await serve(() => new Response('ok'), { proxies: 1, onUncountedProxy })
  await ask(counted, forwarded)
  expect(seen).toHaveLength(1)
})
