import { setTimeout as wait } from 'node:timers/promises'
import type { HostLimits } from '@keywell/protocol'
import { gitlab, providers } from '@keywell/providers'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { failure } from './failure.test.support.ts'
import { type Listener, listeners } from './listeners.test.support.ts'
import { createOutbound, type OutboundError, type OutboundOptions } from './outbound.ts'

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

const answering = (status: number, headers: Record<string, string> = {}) =>
  running.http((_, response) => response.writeHead(status, headers).end())

const post = { method: 'POST', body: new URLSearchParams({ refresh_token: 'rt-1' }) }

describe('a call that the limiter refuses', () => {
  it('was certainly not sent: there was not even a connection to the host', async () => {
    const server = await answering(200)
    const limits = { [server.origin]: { requestsPerSecond: 0.01, burst: 1, concurrency: 1 } }
    const outbound = outboundTo(server, { limits })
    await outbound.fetch(server.origin, post)
    const error = await failure(outbound.fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'throttled', notSent: true })
    expect(error.retryAfterMs).toBeGreaterThan(90_000)
    expect(error.message).toBe(`127.0.0.1:${server.port}: the host cannot be called at the moment`)
    expect(server.connections).toBe(1)
  })

  it('has not been asked whether it is ready', async () => {
    const server = await answering(200)
    const limits = { [server.origin]: { requestsPerSecond: 0.01, burst: 1, concurrency: 1 } }
    const outbound = outboundTo(server, { limits })
    const ready = vi.fn()
    await outbound.fetch(server.origin, { ...post, ready })
    expect(ready).toHaveBeenCalledTimes(1)
    await failure(outbound.fetch(server.origin, { ...post, ready }))
    expect(ready).toHaveBeenCalledTimes(1)
  })

  it('may have been given up by its caller while it waited', async () => {
    const server = await running.tcp()
    const limits = { [server.origin]: { requestsPerSecond: 100, burst: 100, concurrency: 1 } }
    const outbound = outboundTo(server, { limits })
    const [one, other] = [new AbortController(), new AbortController()]
    const first = failure(outbound.fetch(server.origin, { ...post, signal: one.signal }))
    await vi.waitFor(() => expect(server.received).toContain('rt-1'))
    const second = failure(outbound.fetch(server.origin, { ...post, signal: other.signal }))
    other.abort()
    expect(await second).toMatchObject({ reason: 'aborted', notSent: true })
    expect(outbound.hosts.snapshot()).toMatchObject([{ running: 1, waiting: 0 }])
    one.abort()
    expect(await first).toMatchObject({ reason: 'aborted', notSent: false })
    expect(server.connections).toBe(1)
  })
})

describe('ready', () => {
  it('comes once, before the first byte', async () => {
    const server = await answering(200)
    const seen: string[] = []
    const ready = () => void seen.push(server.received)
    await outboundTo(server).fetch(server.origin, { ...post, ready })
    expect(seen).toEqual([''])
    expect(server.received).toContain('rt-1')
  })

  it('comes after the connection: it does not come without a listener', async () => {
    const gone = listeners()
    const server = await gone.tcp()
    await gone.close()
    const ready = vi.fn()
    const error = await failure(outboundTo(server).fetch(server.origin, { ...post, ready }))
    expect(error).toMatchObject({ reason: 'unreachable', notSent: true })
    expect(ready).not.toHaveBeenCalled()
  })

  it('ends the call by throwing: then no byte is written, and its slot is free again', async () => {
    const server = await answering(200)
    const limits = { [server.origin]: { requestsPerSecond: 100, burst: 100, concurrency: 1 } }
    const outbound = outboundTo(server, { limits })
    const late = new Error('the lease is too old')
    const ready = () => {
      throw late
    }
    for (const init of [post, {}]) {
      const error = await failure(outbound.fetch(server.origin, { ...init, ready }))
      expect(error).toMatchObject({ reason: 'aborted', notSent: true, cause: late })
    }
    expect(outbound.hosts.snapshot()).toMatchObject([{ running: 0, waiting: 0 }])
    await outbound.fetch(`${server.origin}/next`)
    expect(server.received).toMatch(/^GET \/next /)
  })

  it('may give the call up by its signal too', async () => {
    const server = await answering(200)
    const outbound = outboundTo(server)
    const caller = new AbortController()
    const { signal } = caller
    const call = outbound.fetch(server.origin, { ...post, signal, ready: () => caller.abort() })
    expect(await failure(call)).toMatchObject({ reason: 'aborted', notSent: true })
    await outbound.close()
    expect(server.received).toBe('')
  })
})

describe('a host that fails', () => {
  const few: HostLimits = { requestsPerSecond: 1_000, burst: 1_000, concurrency: 10 }

  it.each([500, 502, 503, 504])('with %i: after twenty it is left alone', async (status) => {
    const server = await answering(status)
    const outbound = outboundTo(server)
    for (let call = 0; call < 20; call += 1) await outbound.fetch(server.origin, post)
    expect(outbound.hosts.isThrottled(`${server.origin}/gitlab`)).toBe(true)
    const error = await failure(outbound.fetch(server.origin, post))
    expect(error).toMatchObject({ reason: 'throttled', notSent: true })
    expect(server.connections).toBe(20)
  })

  it.each([
    ['a reset', 'reset', {}],
    ['silence', 'timeout', { timeoutMs: 30 }],
    ['what is no HTTP', 'bad_answer', {}],
  ])('with %s too', async (_, reason, init) => {
    const server = await running.tcp((socket) => {
      socket.once('data', () => {
        if (reason === 'reset') socket.resetAndDestroy()
        if (reason === 'bad_answer') socket.end('220 mail\r\n\r\n')
      })
    })
    const outbound = outboundTo(server, { limits: { [server.origin]: few } })
    const calls = Array.from({ length: 20 }, () => failure(outbound.fetch(server.origin, init)))
    for (const error of await Promise.all(calls)) expect(error.reason).toBe(reason)
    expect(outbound.hosts.throttled()).toEqual([server.origin])
  })

  it('because there is no listener, no name or no TLS, too', async () => {
    const gone = listeners()
    const server = await gone.tcp()
    await gone.close()
    const plain = await running.tcp((socket) => socket.end())
    const tls = `https://127.0.0.1:${plain.port}`
    const noName = createOutbound({ allow: [], lookup: async () => [] })
    for (const [outbound, url] of [
      [outboundTo(server), server.origin],
      [noName, 'https://gitlab.example'],
      [createOutbound({ allow: [{ origin: tls }] }), tls],
    ] as const) {
      for (let call = 0; call < 20; call += 1) await failure(outbound.fetch(url, post))
      expect(outbound.hosts.throttled()).toEqual([url])
    }
  })

  it.each([400, 401, 403, 404, 422, 301, 204])('is none that answers %i', async (status) => {
    const server = await answering(status)
    const outbound = outboundTo(server)
    for (let call = 0; call < 40; call += 1) await outbound.fetch(server.origin)
    expect(outbound.hosts.snapshot()).toMatchObject([{ state: 'closed' }])
  })

  it('is none whose address is refused, or whose answer is too large', async () => {
    const private_ = createOutbound({ allow: [], lookup: async () => ['10.0.0.1'] })
    const server = await running.http((_, response) => response.end('x'.repeat(100)))
    const large = outboundTo(server, { maxBytes: 10 })
    for (const [outbound, url] of [
      [private_, 'https://gitlab.example'],
      [large, server.origin],
    ] as const) {
      for (let call = 0; call < 30; call += 1) await failure(outbound.fetch(url))
      expect(outbound.hosts.snapshot()).toMatchObject([{ state: 'closed' }])
    }
  })

  it('is asked once a second, and let in again step by step when it is well', async () => {
    let status = 503
    let open = 0
    const most: number[] = []
    const server = await running.http(async (_, response) => {
      open += 1
      most.push(open)
      await wait(5)
      open -= 1
      response.writeHead(status).end()
    })
    const clock = new ManualTimers()
    const outbound = outboundTo(server, { now: clock.now, after: clock.after })
    const attempt = () =>
      outbound.fetch(server.origin, post).then(
        (response) => response.status,
        (error: OutboundError) => error.reason,
      )
    for (let call = 0; call < 20; call += 1) await attempt()
    for (let second = 0; second < 5; second += 1) {
      clock.advance(1_000)
      expect(await attempt()).toBe(503)
      expect(await attempt()).toBe('throttled')
    }

    status = 200
    clock.advance(1_000)
    most.length = 0
    expect(await attempt()).toBe(200)
    clock.advance(10)
    const many = Promise.all(Array.from({ length: 60 }, attempt))
    // The bucket's timers; the calls themselves take real time.
    while ((await Promise.race([many, wait(2)])) === undefined) clock.advance(1)
    expect(new Set(await many)).toEqual(new Set([200]))
    expect(most.slice(0, 3).every((each) => each <= 2)).toBe(true)
    expect(most.slice(0, 7).every((each) => each <= 4)).toBe(true)
    expect(outbound.hosts.snapshot()).toMatchObject([{ state: 'closed' }])
  })
})

describe('429', () => {
  it.each([
    ['seconds', { 'retry-after': '120' }, 120_000],
    [
      'a date',
      { date: 'Sat, 21 Nov 2026 12:00:00 GMT', 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' },
      30_000,
    ],
    ['10^12', { 'retry-after': '1000000000000' }, 600_000],
    ['-1', { 'retry-after': '-1' }, 1_000],
    ['text', { 'retry-after': 'later' }, 1_000],
    ['nothing', {}, 1_000],
  ])('with %s pauses the host for all, and is handed on', async (_, headers, pauseMs) => {
    const server = await answering(429, headers)
    const clock = new ManualTimers()
    const outbound = outboundTo(server, { now: clock.now, after: clock.after })
    const notified: string[] = []
    outbound.hosts.onThrottled(({ origin, state }) => notified.push(`${origin} ${state}`))
    const response = await outbound.fetch(server.origin, post)
    expect(response.status).toBe(429)
    expect(outbound.hosts.snapshot()).toMatchObject([{ state: 'paused', retryAfterMs: pauseMs }])
    expect(notified).toEqual([`${server.origin} paused`])
    if (pauseMs > 5_000) {
      const error = await failure(outbound.fetch(server.origin, { ...post, tenantId: 'another' }))
      expect(error).toMatchObject({ reason: 'throttled', notSent: true, retryAfterMs: pauseMs })
    }
    expect(server.connections).toBe(1)
  })
})

describe('limits', () => {
  it.each([
    ['NaN', { requestsPerSecond: Number.NaN, burst: 1, concurrency: 1 }],
    ['none', { requestsPerSecond: 0, burst: 1, concurrency: 1 }],
    ['endless', { requestsPerSecond: Number.POSITIVE_INFINITY, burst: 1, concurrency: 1 }],
    ['less than one call', { requestsPerSecond: 1, burst: 0.5, concurrency: 1 }],
    ['a burst that is NaN', { requestsPerSecond: 1, burst: Number.NaN, concurrency: 1 }],
    ['half a slot', { requestsPerSecond: 1, burst: 1, concurrency: 1.5 }],
    ['no slot', { requestsPerSecond: 1, burst: 1, concurrency: 0 }],
    ['slots that are NaN', { requestsPerSecond: 1, burst: 1, concurrency: Number.NaN }],
  ])('%s: refused when the service is put together, by name', (_, limits) => {
    const make = () => createOutbound({ allow: [], limits: { 'https://gitlab.corp': limits } })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(
      /^limits of https:\/\/gitlab\.corp: (requestsPerSecond|burst|concurrency) /,
    )
  })

  it.each(['gitlab.corp', 'https://gitlab.corp/path', 'ftp://gitlab.corp'])(
    'of %s: no origin',
    (origin) => {
      const limits = { [origin]: { requestsPerSecond: 1, burst: 1, concurrency: 1 } }
      expect(() => createOutbound({ allow: [], limits })).toThrow(/is not an origin/)
    },
  )

  it('hold for the origin however it is spelt', async () => {
    const server = await answering(200)
    const limits = {
      [`HTTP://127.0.0.1:${server.port}/`]: { requestsPerSecond: 0.01, burst: 1, concurrency: 1 },
    }
    const outbound = outboundTo(server, { limits })
    await outbound.fetch(server.origin)
    expect((await failure(outbound.fetch(`${server.origin}/x?y`))).reason).toBe('throttled')
  })

  it('are the operator’s, else what the provider’s data says of its default host', async () => {
    const clock = new ManualTimers()
    const parts = {
      allow: [],
      providers: { all: providers },
      lookup: async () => [],
      now: clock.now,
      after: clock.after,
    }
    const own = { requestsPerSecond: 1, burst: 5, concurrency: 1 }
    for (const [limits, burst] of [
      [{}, gitlab.limits.burst],
      [{ 'https://gitlab.com': own }, own.burst],
    ] as const) {
      const outbound = createOutbound({ ...parts, limits })
      await failure(outbound.fetch('https://gitlab.com/oauth/token', post))
      expect(outbound.hosts.snapshot()).toMatchObject([
        { origin: 'https://gitlab.com', tokens: burst - 1 },
      ])
    }
  })

  it('are high for a host of the operator’s list, and moderate for any other', async () => {
    const server = await answering(200)
    const clock = new ManualTimers()
    const outbound = outboundTo(server, {
      lookup: async () => [],
      now: clock.now,
      after: clock.after,
    })
    await outbound.fetch(server.origin)
    await failure(outbound.fetch('https://gitlab.example'))
    expect(outbound.hosts.snapshot()).toMatchObject([
      { origin: server.origin, tokens: 999 },
      { origin: 'https://gitlab.example', tokens: 39 },
    ])
  })
})

describe('close', () => {
  it('refuses the calls that wait, and lets those under way end', async () => {
    let answer = () => {}
    const server = await running.http((_, response) => {
      answer = () => response.end('late')
    })
    const limits = { [server.origin]: { requestsPerSecond: 100, burst: 100, concurrency: 1 } }
    const outbound = outboundTo(server, { limits })
    const call = outbound.fetch(server.origin)
    await vi.waitFor(() => expect(server.received).toContain('GET'))
    const waiting = failure(outbound.fetch(server.origin, post))
    const closing = outbound.close()
    expect(await waiting).toMatchObject({ reason: 'aborted', notSent: true })
    answer()
    expect(await (await call).text()).toBe('late')
    await closing
    expect(await failure(outbound.fetch(server.origin))).toMatchObject({ notSent: true })
    expect(server.connections).toBe(1)
  })
})
