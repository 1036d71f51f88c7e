import { createServer as createHttpsServer } from 'node:https'
import { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import * as oauth from 'oauth4webapi'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { certificate } from './certificate.test.support.ts'
import { failure } from './failure.test.support.ts'
import { type Listener, listeners } from './listeners.test.support.ts'
import { createOutbound, type OutboundOptions } from './outbound.ts'

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

function outboundTo(listener: Listener, options: Partial<OutboundOptions> = {}) {
  const outbound = createOutbound({ allow: [{ origin: listener.origin }], ...options })
  closers.push(outbound.close)
  return outbound
}

/** Writes the text when a whole request head has come in. */
function answering(text: string, then: (socket: Socket) => void = () => {}) {
  return running.tcp((socket) => {
    socket.once('data', () => {
      socket.write(text)
      then(socket)
    })
  })
}

function brotliQuickly(data: Buffer): Buffer {
  return brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
}

const secretBody = new URLSearchParams({ refresh_token: 'rt-1' })
const post = { method: 'POST', body: secretBody }

describe('a call', () => {
  it('sends method, path, headers and body, and gives back the answer', async () => {
    const server = await running.http((request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.statusCode = 201
      request.pipe(response)
    })
    const response = await outboundTo(server).fetch(`${server.origin}/oauth/token?a=b#c`, {
      ...post,
      headers: { authorization: 'Bearer at-1' },
    })
    expect(response).toBeInstanceOf(Response)
    expect(response.status).toBe(201)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await response.text()).toBe('refresh_token=rt-1')
    expect(server.received).toMatch(/^POST \/oauth\/token\?a=b HTTP\/1\.1\r\n/)
    expect(server.received).toContain('\r\nauthorization: Bearer at-1\r\n')
    expect(server.received).toContain('\r\ncontent-type: application/x-www-form-urlencoded')
    expect(server.received).toContain('\r\nuser-agent: keywell\r\n')
  })

  it('is oauth4webapi’s customFetch', async () => {
    const server = await running.http((_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ access_token: 'at-2', token_type: 'bearer', expires_in: 7200 }))
    })
    const outbound = outboundTo(server)
    const client = { client_id: 'app' }
    const as = { issuer: server.origin, token_endpoint: `${server.origin}/oauth/token` }
    const response = await oauth.refreshTokenGrantRequest(
      as,
      client,
      oauth.ClientSecretPost('s'),
      'rt-1',
      { [oauth.customFetch]: outbound.fetch, [oauth.allowInsecureRequests]: true },
    )
    const tokens = await oauth.processRefreshTokenResponse(as, client, response)
    expect(tokens.access_token).toBe('at-2')
    expect(server.received).toContain('grant_type=refresh_token')
  })

  it.each([204, 304])('may be answered %i, without a body', async (status) => {
    const server = await running.http((_, response) => response.writeHead(status).end())
    const response = await outboundTo(server).fetch(server.origin)
    expect(response.status).toBe(status)
    expect(await response.text()).toBe('')
  })

  it('may be answered after early hints', async () => {
    const server = await running.http((_, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' })
      response.end('final')
    })
    const response = await outboundTo(server).fetch(server.origin)
    expect(response.status).toBe(200)
    expect(response.headers.has('link')).toBe(false)
    expect(await response.text()).toBe('final')
  })

  it('may be a HEAD', async () => {
    const server = await running.http((_, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.setHeader('content-length', '5000000')
      response.end()
    })
    const response = await outboundTo(server).fetch(server.origin, { method: 'HEAD' })
    expect(response.status).toBe(200)
  })

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['BR', brotliCompressSync],
    ['identity', (text: string) => Buffer.from(text)],
  ])('undoes content-encoding: %s', async (encoding, compress) => {
    const server = await running.http((_, response) => {
      response.setHeader('content-encoding', encoding)
      response.end(compress('{"a":1}'))
    })
    const response = await outboundTo(server).fetch(server.origin)
    expect(await response.json()).toEqual({ a: 1 })
    expect(response.headers.has('content-encoding')).toBe(false)
    expect(response.headers.has('content-length')).toBe(false)
  })

  it('keeps a connection for reads, and takes a new one for whatever changes something', async () => {
    const server = await running.http((_, response) => response.end('ok'))
    const outbound = outboundTo(server)
    for (let call = 0; call < 10; call += 1) await outbound.fetch(server.origin)
    const kept = server.connections
    expect(kept).toBeLessThan(10)
    for (let call = 0; call < 10; call += 1) await outbound.fetch(server.origin, post)
    expect(server.connections).toBe(kept + 10)
  })
})

verifies.suite('T24:redirects', () => {
  it.each([301, 302, 303, 307, 308])('%i is an answer, and is not followed', async (status) => {
    const target = await running.tcp()
    const server = await running.http((_, response) =>
      response.writeHead(status, { location: `${target.origin}/stolen` }).end(),
    )
    const outbound = outboundTo(server, {
      allow: [{ origin: server.origin }, { origin: target.origin }],
    })
    for (const redirect of ['manual', 'follow'] as const) {
      const response = await outbound.fetch(server.origin, { ...post, redirect })
      expect(response.status).toBe(status)
      expect(response.headers.get('location')).toBe(`${target.origin}/stolen`)
    }
    expect(target.connections).toBe(0)
  })

  it('is a failure when asked so', async () => {
    const server = await running.http((_, response) =>
      response.writeHead(302, { location: '/elsewhere' }).end(),
    )
    const error = await failure(outboundTo(server).fetch(server.origin, { redirect: 'error' }))
    expect(error).toMatchObject({ reason: 'redirect', notSent: false })
  })
})

describe('a request is written at most once', () => {
  it('also after 421, 401 and 503', async () => {
    for (const status of [421, 401, 503]) {
      let requests = 0
      const server = await running.http((_, response) => {
        requests += 1
        response.writeHead(status, { 'retry-after': '0' }).end()
      })
      const outbound = outboundTo(server)
      expect((await outbound.fetch(server.origin, post)).status).toBe(status)
      expect((await outbound.fetch(server.origin)).status).toBe(status)
      expect(requests).toBe(2)
    }
  })

  it('also when a kept connection has ended meanwhile', async () => {
    let requests = 0
    const server = await running.http((request, response) => {
      requests += 1
      if (requests === 1) response.end('ok')
      else request.socket.destroy()
    })
    const outbound = outboundTo(server)
    await outbound.fetch(server.origin)
    const error = await failure(outbound.fetch(server.origin))
    expect(error).toMatchObject({ reason: 'reset', notSent: false })
    expect(requests).toBe(2)
  })
})

describe('certainly not sent', () => {
  it('without a listener', async () => {
    const gone = listeners()
    const server = await gone.tcp()
    await gone.close()
    const error = await failure(outboundTo(server).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'unreachable', notSent: true })
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
    expect(error.message).toBe(`127.0.0.1:${server.port}: no connection could be made`)
  })

  it('when the name does not exist, or has no address', async () => {
    for (const lookup of [() => Promise.reject(new Error('ENOTFOUND')), async () => []]) {
      const outbound = createOutbound({ allow: [], lookup })
      const error = await failure(outbound.fetch('https://gitlab.example/', post))
      expect(error).toMatchObject({ reason: 'unreachable', notSent: true })
    }
  })

  it('when the name or the connection takes too long', async () => {
    const never = new Promise<never>(() => {})
    const noName = createOutbound({ allow: [], timeoutMs: 50, lookup: () => never })
    const noPeer = createOutbound({
      allow: [],
      timeoutMs: 50,
      lookup: async () => ['8.8.8.8'],
      dial: () => new Socket(),
    })
    for (const outbound of [noName, noPeer]) {
      const error = await failure(outbound.fetch('https://gitlab.example/', post))
      expect(error).toMatchObject({ reason: 'timeout', notSent: true })
    }
  })

  it('when the time is over before a late connection comes up: then no byte follows', async () => {
    const server = await running.tcp()
    let answerName = (_: string[]) => {}
    const outbound = createOutbound({
      allow: [{ origin: `http://slow.corp:${server.port}`, networks: ['127.0.0.0/8'] }],
      lookup: () =>
        new Promise((resolve) => {
          answerName = resolve
        }),
    })
    closers.push(outbound.close)
    const url = `http://slow.corp:${server.port}/`
    const error = await failure(outbound.fetch(url, { ...post, timeoutMs: 30 }))
    expect(error).toMatchObject({ reason: 'timeout', notSent: true })
    answerName(['127.0.0.1'])
    await vi.waitFor(() => expect(server.connections).toBe(1))
    // The other side sees the end of the connection, so everything that was written has arrived.
    await outbound.close()
    expect(server.received).toBe('')
  })

  it('when the caller has given up before', async () => {
    const server = await running.tcp()
    const outbound = outboundTo(server)
    const signal = AbortSignal.abort()
    const error = await failure(outbound.fetch(server.origin, { ...post, signal }))
    expect(error).toMatchObject({ reason: 'aborted', notSent: true })
    await outbound.close()
    expect(server.connections).toBe(0)
  })

  it('after close', async () => {
    const server = await running.http((_, response) => response.end('ok'))
    const outbound = outboundTo(server)
    await outbound.close()
    const error = await failure(outbound.fetch(server.origin, post))
    expect(error.notSent).toBe(true)
    expect(server.connections).toBe(0)
  })

  it.each([
    ['a line break in a header', { headers: { authorization: 'Bearer at-1\r\nx: y' } }],
    ['a NUL in a header', { headers: { authorization: 'Bearer at-1\0' } }],
    ['a letter that no header can hold', { headers: { authorization: 'Bearer at-1\u20ac' } }],
    ['a host header', { headers: { host: 'attacker.example' } }],
    ['a connection header', { headers: { Connection: 'keep-alive' } }],
    ['a framing header', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['a length of its own', { headers: { 'content-length': '3' }, method: 'POST', body: 'x' }],
    ['a body in a GET', { body: 'x' }],
    ['a method that is none', { method: 'GET /x' }],
    ['CONNECT', { method: 'CONNECT' }],
    ['TRACE', { method: 'TRACE' }],
  ])('with %s; and the error does not quote it', async (_, init) => {
    const server = await running.tcp()
    const error = await failure(outboundTo(server).fetch(server.origin, init))
    expect(error).toMatchObject({ reason: 'refused_request', notSent: true })
    expect(error.cause).toBeUndefined()
    expect(error.message).not.toContain('at-1')
    expect(server.connections).toBe(0)
  })
})

verifies.suite('T22:tls', () => {
  async function encrypted() {
    const server = createHttpsServer(certificate, (_, response) => response.end('ok'))
    const listener = await running.adopt(server)
    const lookup = async () => ['127.0.0.1']
    return { listener, lookup, networks: ['127.0.0.0/8'] }
  }

  it('checks the certificate against the name, with the authorities of the operator', async () => {
    const { listener, lookup, networks } = await encrypted()
    const origin = `https://gitlab.test:${listener.port}`
    const outbound = createOutbound({
      allow: [{ origin, networks, ca: certificate.cert }],
      lookup,
    })
    closers.push(outbound.close)
    expect(await (await outbound.fetch(`${origin}/x`)).text()).toBe('ok')
    expect(await (await outbound.fetch(`${origin}/x`, post)).text()).toBe('ok')
  })

  it('is not set up with an unknown authority, nor with another name: not sent', async () => {
    const { listener, lookup, networks } = await encrypted()
    const origin = `https://gitlab.test:${listener.port}`
    const otherName = `https://other.test:${listener.port}`
    const outbound = createOutbound({
      allow: [
        { origin, networks },
        { origin: otherName, networks, ca: certificate.cert },
      ],
      lookup,
    })
    closers.push(outbound.close)
    const unknown = await failure(outbound.fetch(origin, post))
    expect(unknown).toMatchObject({ reason: 'tls', notSent: true })
    const wrongName = await failure(outbound.fetch(otherName, post))
    expect(wrongName).toMatchObject({ reason: 'tls', notSent: true })
    expect(wrongName.cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  it('is checked although a variable of the environment says otherwise', async () => {
    const { listener, lookup, networks } = await encrypted()
    const origin = `https://gitlab.test:${listener.port}`
    const name = 'NODE_TLS_REJECT_UNAUTHORIZED'
    const before = process.env[name]
    process.env[name] = '0'
    try {
      const outbound = createOutbound({ allow: [{ origin, networks }], lookup })
      closers.push(outbound.close)
      const error = await failure(outbound.fetch(origin, post))
      expect(error).toMatchObject({ reason: 'tls', notSent: true })
    } finally {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    }
  })

  it.each([
    ['says nothing', () => {}, 'timeout'],
    ['speaks something else', (socket: Socket) => socket.end('220 mail ready\r\n'), 'tls'],
    ['ends', (socket: Socket) => socket.end(), 'tls'],
  ])('is not set up when the other side %s: not sent', async (_, behave, reason) => {
    const server = await running.tcp(behave)
    const origin = `https://127.0.0.1:${server.port}`
    const outbound = createOutbound({ allow: [{ origin }], timeoutMs: 300 })
    const error = await failure(outbound.fetch(origin, post))
    expect(error).toMatchObject({ reason, notSent: true })
    expect(server.received).not.toContain('rt-1')
  })
})

describe('perhaps sent', () => {
  it('when silence follows', async () => {
    const server = await running.tcp()
    const error = await failure(outboundTo(server, { timeoutMs: 100 }).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'timeout', notSent: false })
    expect(server.received).toContain('refresh_token=rt-1')
  })

  it.each([
    ['a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['the end of the connection', (socket: Socket) => socket.end()],
    ['half a head and the end', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nx: ')],
    [
      'half a body and the end',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'),
    ],
    [
      'a body of another length',
      (socket: Socket) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n123'),
    ],
    [
      'half a chunk and the end',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n1'),
    ],
  ])('when %s follows', async (_, behave) => {
    const server = await running.tcp((socket) => {
      socket.once('data', () => behave(socket))
    })
    const error = await failure(outboundTo(server).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'reset', notSent: false })
  })

  it('when the caller gives up', async () => {
    const server = await running.tcp()
    const caller = new AbortController()
    const call = failure(
      outboundTo(server).fetch(server.origin, { ...post, signal: caller.signal }),
    )
    await vi.waitFor(() => expect(server.received).toContain('rt-1'))
    caller.abort()
    expect(await call).toMatchObject({ reason: 'aborted', notSent: false })
  })
})

verifies.suite('T25:size', () => {
  it('an endless body ends at the bound, and the connection with it', async () => {
    let closed = false
    const server = await running.tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = () => {
        while (!closed && socket.write('x'.repeat(65_536)));
      }
      socket.on('drain', more).on('close', () => {
        closed = true
      })
      more()
    })
    const error = await failure(outboundTo(server).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'too_large', notSent: false })
    await vi.waitFor(() => expect(closed).toBe(true))
  })

  it('a body of exactly the bound passes, and one byte more does not', async () => {
    const server = await running.http((request, response) =>
      response.end('x'.repeat(Number(request.url?.slice(1)))),
    )
    const outbound = outboundTo(server, { maxBytes: 1_000 })
    expect(await (await outbound.fetch(`${server.origin}/1000`)).text()).toHaveLength(1_000)
    expect((await failure(outbound.fetch(`${server.origin}/1001`))).reason).toBe('too_large')
    const more = await outbound.fetch(`${server.origin}/5000`, { maxBytes: 5_000 })
    expect(await more.text()).toHaveLength(5_000)
  })

  it('a body in very many pieces is one body', async () => {
    const pieces = 20_000
    const server = await answering(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(pieces)}0\r\n\r\n`,
    )
    const response = await outboundTo(server).fetch(server.origin)
    expect(await response.text()).toBe('x'.repeat(pieces))
  })

  it('the default is one megabyte', async () => {
    const server = await running.http((request, response) =>
      response.end('x'.repeat(Number(request.url?.slice(1)))),
    )
    const outbound = outboundTo(server)
    expect((await outbound.fetch(`${server.origin}/1000000`)).status).toBe(200)
    expect((await failure(outbound.fetch(`${server.origin}/1000001`))).reason).toBe('too_large')
  })
})

verifies.suite('T25:compressed', () => {
  it.each([
    ['gzip', gzipSync],
    ['br', brotliQuickly],
  ])('a %s bomb is stopped while it is unpacked', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    const server = await running.http((_, response) => {
      response.setHeader('content-encoding', encoding)
      response.end(bomb)
    })
    const before = process.memoryUsage().arrayBuffers
    const error = await failure(outboundTo(server).fetch(server.origin))
    expect(error).toMatchObject({ reason: 'too_large', notSent: false })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  })

  it('a compressed body that unpacks to the bound passes', async () => {
    const server = await running.http((_, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync('x'.repeat(1_000)))
    })
    const outbound = outboundTo(server)
    expect((await outbound.fetch(server.origin, { maxBytes: 1_000 })).status).toBe(200)
    const error = await failure(outbound.fetch(server.origin, { maxBytes: 999 }))
    expect(error.reason).toBe('too_large')
  })
})

verifies.suite('T25:headers', () => {
  it('headers end at 16 KB together', async () => {
    for (const head of [`x: ${'y'.repeat(17_000)}\r\n`, 'x: y\r\n'.repeat(9_000)]) {
      const server = await answering(`HTTP/1.1 200 OK\r\n${head}content-length: 0\r\n\r\n`)
      const error = await failure(outboundTo(server).fetch(server.origin, post))
      expect(error).toMatchObject({ reason: 'too_large', notSent: false })
    }
    const fits = await answering(
      `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(15_000)}\r\ncontent-length: 0\r\n\r\n`,
    )
    expect((await outboundTo(fits).fetch(fits.origin)).status).toBe(200)
  })

  it('trailers count, too', async () => {
    const trailer = `x: ${'y'.repeat(17_000)}\r\n`
    const server = await answering(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n${trailer}\r\n`,
    )
    const error = await failure(outboundTo(server).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'too_large', notSent: false })
  })

  it('early hints without end are cut off at the deadline', async () => {
    let closed = false
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'
    const server = await answering(hints, (socket) => {
      const more = setInterval(() => socket.write(hints), 10)
      socket.on('close', () => {
        clearInterval(more)
        closed = true
      })
    })
    const error = await failure(outboundTo(server, { timeoutMs: 200 }).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'timeout', notSent: false })
    await vi.waitFor(() => expect(closed).toBe(true))
  })
})

verifies.suite('T25:time', () => {
  it.each([
    ['head', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['body', 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', 'x'],
  ])('a %s that never stops trickling is cut off at the deadline', async (_, begin, drop) => {
    let closed = false
    const server = await answering(begin, (socket) => {
      const trickle = setInterval(() => socket.write(drop), 10)
      socket.on('close', () => {
        clearInterval(trickle)
        closed = true
      })
    })
    const started = performance.now()
    const error = await failure(outboundTo(server, { timeoutMs: 200 }).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'timeout', notSent: false })
    expect(performance.now() - started).toBeLessThan(2_000)
    await vi.waitFor(() => expect(closed).toBe(true))
  })

  it('one call may have another deadline', async () => {
    const server = await running.tcp()
    const outbound = outboundTo(server)
    const error = await failure(outbound.fetch(server.origin, { timeoutMs: 50 }))
    expect(error.reason).toBe('timeout')
  })
})

describe('connections', () => {
  it('are bounded in number, however many calls come at once', async () => {
    let open = 0
    let most = 0
    const server = await running.http(async (_, response) => {
      open += 1
      most = Math.max(most, open)
      await wait(5)
      open -= 1
      response.end('ok')
    })
    const outbound = outboundTo(server)
    const calls = Array.from({ length: 300 }, () => outbound.fetch(server.origin, post))
    const statuses = (await Promise.all(calls)).map((response) => response.status)
    expect(statuses.every((status) => status === 200)).toBe(true)
    expect(most).toBeLessThanOrEqual(64)
    expect(most).toBeGreaterThan(8)
  })
})

verifies.suite('T25:no-reflection', () => {
  it.each([
    ['no HTTP', '220 secret-banner ready\r\n\r\n'],
    ['no status', 'HTTP/1.1 secret-banner\r\n\r\n'],
    ['a status out of range', 'HTTP/1.1 999 secret-banner\r\ncontent-length: 0\r\n\r\n'],
    [
      'an unknown encoding',
      'HTTP/1.1 200 OK\r\ncontent-encoding: x\r\ncontent-length: 3\r\n\r\nabc',
    ],
    [
      'two encodings',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip, br\r\ncontent-length: 1\r\n\r\na',
    ],
    [
      'what is not gzip',
      'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc',
    ],
  ])('when the answer has %s, which nothing quotes', async (_, text) => {
    const server = await answering(text)
    const error = await failure(outboundTo(server).fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'bad_answer', notSent: false })
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('secret-banner')
    expect(error.cause).toBeUndefined()
  })
})

describe('close', () => {
  it('waits for what is under way', async () => {
    let answer = () => {}
    const server = await running.http((_, response) => {
      answer = () => response.end('late')
    })
    const outbound = outboundTo(server)
    const call = outbound.fetch(server.origin)
    await vi.waitFor(() => expect(server.received).toContain('GET'))
    const closing = outbound.close()
    answer()
    expect(await (await call).text()).toBe('late')
    await closing
  })
})
