import { describe, expect, it, test } from 'vitest'
import { Herd, origin } from './host-limiters.test.support.ts'
import { readRetryAfter } from './retry-after.ts'

/** A host whose breaker has just opened. */
async function withOpenBreaker(limits: ConstructorParameters<typeof Herd>[0] = {}): Promise<Herd> {
  const herd = new Herd(limits)
  await herd.callAndEnd(20, 'failed')
  expect(herd.state).toBe('open')
  return herd
}

describe('the breaker opens', () => {
  it.each([
    ['half of twenty calls failed', 10, 10, 'open'],
    ['fewer than half failed', 11, 9, 'closed'],
    ['fewer than twenty calls came', 0, 19, 'closed'],
  ])('when %s: %i good, %i failed, %s', async (_, good, failed, state) => {
    const herd = new Herd()
    await herd.callAndEnd(good, 'good')
    await herd.callAndEnd(failed, 'failed')
    expect(herd.state).toBe(state)
  })

  it('for what happened within 30 s only', async () => {
    const herd = new Herd()
    await herd.callAndEnd(19, 'failed')
    await herd.advance(30_000)
    await herd.callAndEnd(1, 'failed')
    expect(herd.state).toBe('closed')
    await herd.advance(29_000)
    await herd.callAndEnd(19, 'failed')
    expect(herd.state).toBe('open')
  })

  it('never for a 429, nor for calls that say nothing of the host', async () => {
    const herd = new Herd()
    await herd.callAndEnd(19, 'failed')
    await herd.callAndEnd(100, 'neutral')
    expect(herd.state).toBe('closed')
    await herd.advance(30_000)
    const calls = await herd.callMany(100)
    for (const call of calls) await call.end('throttled')
    expect(herd.state).toBe('paused')
    await herd.advance(60_000)
    expect(herd.state).toBe('closed')
  })

  it('and refuses all who wait, without a wait', async () => {
    const herd = new Herd({ concurrency: 1 })
    await herd.callAndEnd(19, 'failed')
    const running = await herd.call()
    const waiting = await herd.callMany(3)
    await running.end('failed')
    expect(waiting.map(({ state, at }) => [state, at])).toEqual(Array(3).fill(['refused', 0]))
    expect(waiting[0]?.error).toMatchObject({ reason: 'throttled', notSent: true })
    expect(waiting[0]?.error?.retryAfterMs).toBeGreaterThanOrEqual(1_000)
    expect(herd.timers.pending).toBe(0)
  })
})

describe('an open breaker', () => {
  it('lets one call per second through, and refuses the others at once', async () => {
    const herd = await withOpenBreaker()
    let passed = 0
    for (let ms = 0; ms < 10_000; ms += 100) {
      await herd.advance(100)
      for (const call of await herd.callMany(3)) {
        if (call.state === 'running') {
          passed += 1
          await call.end('failed')
        } else {
          expect(call.state).toBe('refused')
        }
      }
    }
    expect(passed).toBe(10)
    expect(herd.state).toBe('open')
  })

  it('also while a trial hangs', async () => {
    const herd = await withOpenBreaker()
    for (let trial = 1; trial <= 5; trial += 1) {
      await herd.advance(1_000)
      expect((await herd.call()).state).toBe('running')
      expect((await herd.call()).state).toBe('refused')
    }
    expect(herd.running()).toBe(5)
  })

  it('lets one per second through for all replicas together', async () => {
    const herd = await withOpenBreaker()
    herd.limiters.setShare(1 / 4)
    await herd.advance(1_000)
    await (await herd.call()).end('failed')
    await herd.advance(3_999)
    expect((await herd.call()).state).toBe('refused')
    await herd.advance(1)
    expect((await herd.call()).state).toBe('running')
  })

  it('does not wait longer because an older trial fails, nor does that undo a newer one', async () => {
    const herd = await withOpenBreaker()
    await herd.advance(1_000)
    const older = await herd.call()
    await herd.advance(1_000)
    const newer = await herd.call()
    await older.end('failed')
    await newer.end('good')
    expect(herd.state).toBe('half_open')

    const again = await withOpenBreaker()
    await again.advance(1_000)
    const slow = await again.call()
    await again.advance(900)
    await slow.end('failed')
    await again.advance(100)
    expect((await again.call()).state).toBe('running')
  })

  it('stays open for a trial that says nothing, and gives its place to the next', async () => {
    const herd = await withOpenBreaker()
    for (const kind of ['neutral', 'throttled'] as const) {
      await herd.advance(1_000)
      await (await herd.call()).end(kind)
      expect(herd.state).toBe('open')
    }
    await herd.advance(1_000)
    expect((await herd.call()).state).toBe('running')
  })
})

describe('after an outage', () => {
  it('lets 1, 2, 4 … calls go as they succeed, and after 31 of them all', async () => {
    const herd = await withOpenBreaker()
    await herd.advance(1_000)
    for (const size of [1, 2, 4, 8, 16]) {
      expect(herd.state).toBe(size === 1 ? 'open' : 'half_open')
      const round = await herd.callMany(size)
      expect(herd.running(round)).toBe(size)
      const giveUp = new AbortController()
      expect((await herd.call({ signal: giveUp.signal })).state).not.toBe('running')
      giveUp.abort()
      for (const call of round) await call.end()
      await herd.advance(1)
    }
    expect(herd.state).toBe('closed')
  })

  it('one failure on the way opens the breaker again', async () => {
    const herd = await withOpenBreaker()
    await herd.advance(1_000)
    await (await herd.call()).end()
    await herd.advance(1)
    const [one, two, third] = await herd.callMany(3)
    await one?.end('failed')
    expect(herd.state).toBe('open')
    expect(third?.state).toBe('refused')
    // Sent before it opened again, so its outcome is about the time before.
    await two?.end('good')
    expect(herd.state).toBe('open')
    expect((await herd.call()).state).toBe('refused')
  })

  it('a call that says nothing gives its place to the next', async () => {
    const herd = await withOpenBreaker()
    await herd.advance(1_000)
    await (await herd.call()).end()
    await herd.advance(1)
    await herd.callAndEnd(2, 'neutral')
    expect(herd.state).toBe('half_open')
    await herd.advance(1)
    expect(herd.running(await herd.callMany(3))).toBe(2)
  })

  it('what was sent before it changes nothing when it fails at last', async () => {
    const herd = new Herd()
    const old = await herd.callMany(30)
    await herd.callAndEnd(20, 'failed')
    await herd.advance(1_000)
    await (await herd.call()).end()
    expect(herd.state).toBe('half_open')
    for (const call of old) await call.end('failed')
    expect(herd.state).toBe('half_open')
  })

  it('calls that hang do not keep the others out for ever: one per second goes', async () => {
    const herd = await withOpenBreaker()
    await herd.advance(1_000)
    await (await herd.call()).end()
    await herd.advance(1)
    const hanging = await herd.callMany(3)
    expect(herd.running(hanging)).toBe(2)
    await herd.advance(1_000)
    expect(herd.running(hanging)).toBe(3)
  })

  it('the rate holds from the first call on: nothing was saved in the meantime', async () => {
    const herd = await withOpenBreaker({ requestsPerSecond: 10, burst: 50 })
    await herd.advance(60_000)
    let sent = 0
    const sendAll = async () => {
      await herd.callMany(60, { background: true })
      for (let ended = -1; ended !== sent; ) {
        ended = sent
        for (const call of herd.calls.filter(({ state }) => state === 'running')) {
          sent += 1
          await call.end()
        }
      }
    }
    for (let second = 0; second < 10; second += 1) {
      await sendAll()
      for (let part = 0; part < 10; part += 1) {
        await herd.advance(100)
        await sendAll()
      }
    }
    expect(herd.state).toBe('closed')
    // The trial's own token comes on top; the bound of the whole is the rate and a tenth.
    expect(sent).toBeGreaterThan(90)
    expect(sent).toBeLessThanOrEqual(110)
  })
})

describe('a 429', () => {
  it('pauses the host for as long as it says; then the rate holds, without a burst', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 50 })
    await (await herd.call()).end({ kind: 'throttled', retryAfterMs: 4_000 })
    expect(herd.state).toBe('paused')
    const waiting = await herd.callMany(20, { tenantId: 'a' })
    await herd.advance(3_999)
    expect(herd.running()).toBe(0)
    await herd.advance(1)
    expect(herd.running()).toBe(1)
    await herd.advance(900)
    expect(herd.running(waiting)).toBe(10)
  })

  it('refuses at once when the pause is longer than anyone may wait', async () => {
    const herd = new Herd({ concurrency: 1 })
    const first = await herd.call()
    const waiting = await herd.call()
    await first.end({ kind: 'throttled', retryAfterMs: 60_000 })
    expect(waiting).toMatchObject({ state: 'refused', at: 0 })
    expect(waiting.error?.retryAfterMs).toBe(60_000)
    await herd.advance(54_000)
    expect((await herd.call()).error?.retryAfterMs).toBe(6_000)
    await herd.advance(6_000)
    expect((await herd.call()).state).toBe('running')
  })

  it('without a time pauses for 1 s, 2 s, 4 s … up to ten minutes, until an answer is good', async () => {
    const herd = new Herd()
    for (const pauseMs of [
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 600_000,
      600_000,
    ]) {
      await (await herd.call()).end('throttled')
      expect(herd.limiters.snapshot()).toMatchObject([{ state: 'paused', retryAfterMs: pauseMs }])
      await herd.advance(pauseMs)
    }
    await (await herd.call()).end('good')
    await herd.advance(1)
    await (await herd.call()).end('throttled')
    expect(herd.limiters.snapshot()).toMatchObject([{ retryAfterMs: 1_000 }])
  })

  it('a wave of them is one', async () => {
    const herd = new Herd()
    const wave = await herd.callMany(50)
    for (const call of wave) await call.end('throttled')
    expect(herd.limiters.snapshot()).toMatchObject([{ retryAfterMs: 1_000 }])
  })

  it('is not forgotten for a good answer to a call from before it', async () => {
    const herd = new Herd()
    const [first, late] = await herd.callMany(2)
    await first?.end('throttled')
    await herd.advance(1_000)
    await late?.end('good')
    await (await herd.call()).end('throttled')
    expect(herd.limiters.snapshot()).toMatchObject([{ retryAfterMs: 2_000 }])
  })

  it('a shorter time does not shorten the pause', async () => {
    const herd = new Herd()
    const [one, other] = await herd.callMany(2)
    await one?.end({ kind: 'throttled', retryAfterMs: 30_000 })
    await other?.end({ kind: 'throttled', retryAfterMs: 1_000 })
    await herd.advance(29_000)
    expect(herd.state).toBe('paused')
  })

  it('a share that changes meanwhile ends no pause, and brings no burst after it', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 50 })
    await (await herd.call()).end({ kind: 'throttled', retryAfterMs: 4_000 })
    herd.limiters.setShare(1 / 2)
    await herd.callMany(20)
    await herd.advance(3_999)
    expect(herd.running()).toBe(0)
    await herd.advance(1)
    expect(herd.running()).toBe(1)
    await herd.advance(801)
    expect(herd.running()).toBe(5)
  })
})

describe('Retry-After', () => {
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT'

  it.each([
    ['seconds', '7', 7_000],
    ['a fraction', '1.5', 1_500],
    ['with spaces', ' 7 ', 7_000],
    ['a date', 'Sat, 21 Nov 2026 12:01:00 GMT', 60_000],
    ['a date in the old form', 'Saturday, 21-Nov-26 12:01:00 GMT', 60_000],
    ['a day', '86400', 600_000],
    ['10^12', '1000000000000', 600_000],
    ['more digits than a number has', '9'.repeat(400), 600_000],
    ['a date far away', 'Sat, 21 Nov 2099 12:00:00 GMT', 600_000],
    ['zero', '0', null],
    ['negative', '-5', null],
    ['a date that has passed', 'Sat, 21 Nov 2026 11:59:00 GMT', null],
    ['text', 'soon', null],
    ['a date in a form that is not HTTP’s', '2099-11-21T12:00:00Z', null],
    ['hexadecimal', '0x10', null],
    ['infinite', 'Infinity', null],
    ['a date of no calendar', 'Xyz, 99 Foo 2026 99:99:99 GMT', null],
    ['empty', '', null],
    ['not there', undefined, null],
  ])('%s', (_, value, expected) => {
    expect(readRetryAfter({ date, 'retry-after': value })).toBe(expected)
  })

  test('a date says nothing in an answer without its own date', () => {
    expect(readRetryAfter({ 'retry-after': 'Sat, 21 Nov 2026 12:01:00 GMT' })).toBeNull()
  })
})

describe('a planner of calls', () => {
  it('learns which hosts are throttled: open, paused, or full', async () => {
    const herd = new Herd({ concurrency: 4 })
    expect(herd.limiters.throttled()).toEqual([])
    expect(herd.limiters.isThrottled(`${origin}/relative/root`)).toBe(false)

    const background = await herd.callMany(3, { background: true })
    expect(herd.limiters.throttled()).toEqual([origin])
    for (const call of background) await call.end()
    expect(herd.limiters.throttled()).toEqual([])

    await (await herd.call()).end('throttled')
    expect(herd.limiters.isThrottled(`${origin}/relative/root`)).toBe(true)
    expect(herd.limiters.isThrottled('https://other.example')).toBe(false)
    await herd.advance(1_000)
    expect(herd.limiters.throttled()).toEqual([])

    await herd.advance(1)
    await herd.callAndEnd(20, 'failed')
    expect(herd.limiters.throttled()).toEqual([origin])
    // Time for a trial, which is one call.
    await herd.advance(1_000)
    expect(herd.limiters.throttled()).toEqual([])
    expect(herd.limiters.freeSlots(16)).toBe(1)
  })

  it('learns how many calls would go at once, wherever they go', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 20, concurrency: 12 })
    expect(herd.limiters.freeSlots(16)).toBe(16)
    const other = await herd.call({ origin: 'https://other.example' })
    await herd.call()
    expect(herd.limiters.freeSlots(16)).toBe(9)
    const granted = await herd.callMany(9, { background: true })
    expect(herd.running(granted)).toBe(9)
    // A host that is held narrows nothing for the others.
    expect(herd.limiters.throttled()).toEqual([origin])
    expect(herd.limiters.freeSlots(16)).toBe(16)
    await other.end()
  })

  it('is notified when a host is throttled, once each time, until it stops listening', async () => {
    const herd = new Herd()
    const notified: string[] = []
    const stop = herd.limiters.onThrottled((host) => notified.push(`${host.origin} ${host.state}`))
    const wave = await herd.callMany(10)
    for (const call of wave) await call.end('throttled')
    expect(notified).toEqual([`${origin} paused`])
    await herd.advance(1_001)
    await herd.callAndEnd(30, 'failed')
    expect(notified).toEqual([`${origin} paused`, `${origin} open`])
    stop()
    await herd.advance(1_000)
    await herd.callAndEnd(1, 'good')
    await herd.callAndEnd(1, 'failed')
    expect(herd.state).toBe('open')
    expect(notified).toHaveLength(2)
  })
})

describe('memory', () => {
  it('holds a thousand hosts; those that are well go before one in trouble', async () => {
    const herd = new Herd()
    await herd.callAndEnd(20, 'failed')
    const running = await herd.call({ origin: 'https://running.example' })
    for (let host = 0; host < 3_000; host += 1) {
      await (await herd.call({ origin: `https://host-${host}.example` })).end()
    }
    expect(herd.limiters.snapshot()).toHaveLength(1_000)
    expect(herd.state).toBe('open')
    await running.end()
  })

  it('keeps those that were used last', async () => {
    const herd = new Herd()
    const visit = async (to: string) => (await herd.call({ origin: to })).end()
    await visit('https://often.example')
    for (let host = 0; host < 900; host += 1) await visit(`https://host-${host}.example`)
    await visit('https://often.example')
    for (let host = 900; host < 1_100; host += 1) await visit(`https://host-${host}.example`)
    const known = herd.limiters.snapshot().map((host) => host.origin)
    expect(known).toHaveLength(1_000)
    expect(known).toContain('https://often.example')
    expect(known).not.toContain('https://host-0.example')
  })

  it('forgets a host in trouble only when there is no other way, and one in use never', async () => {
    const herd = new Herd()
    const first = await herd.call({ origin: 'https://running.example' })
    for (let host = 0; host < 1_500; host += 1) {
      await (await herd.call({ origin: `https://host-${host}.example` })).end('throttled')
    }
    const known = herd.limiters.snapshot().map((host) => host.origin)
    expect(known).toHaveLength(1_000)
    expect(known).toContain('https://running.example')
    expect(known).toContain('https://host-1499.example')
    expect(known).not.toContain('https://host-0.example')
    await first.end()
  })
})
