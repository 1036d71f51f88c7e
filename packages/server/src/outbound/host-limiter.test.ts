import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { ample, Herd } from './host-limiters.test.support.ts'

describe('the rate', () => {
  it('lets a burst go, and then so many a second', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 5 })
    await herd.callMany(20)
    expect(herd.running()).toBe(5)
    // One for each that waits, and one for the next token.
    expect(herd.timers.pending).toBe(16)
    await herd.advance(99)
    expect(herd.running()).toBe(5)
    await herd.advance(1)
    expect(herd.running()).toBe(6)
    await herd.advance(1_000)
    expect(herd.running()).toBe(16)
  })

  it('saves no more than the burst in a quiet time', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 5 })
    await herd.callAndEnd(5, 'good')
    await herd.advance(3_600_000)
    await herd.callMany(20)
    expect(herd.running()).toBe(5)
  })

  it('refuses at once what could not go in time, and says when to come back', async () => {
    const herd = new Herd({ requestsPerSecond: 0.1, burst: 1 })
    await herd.call()
    const late = await herd.call()
    expect(late).toMatchObject({ state: 'refused', at: 0 })
    expect(late.error).toMatchObject({ reason: 'throttled', notSent: true })
    expect(late.error?.retryAfterMs).toBeGreaterThanOrEqual(10_000)
    expect(late.error?.message).toBe('gitlab.example: the host cannot be called at the moment')
  })
})

describe('slots', () => {
  it('no more calls are under way than there are slots; who leaves one lets the next in', async () => {
    const herd = new Herd({ concurrency: 3 })
    const [first] = await herd.callMany(5)
    expect(herd.running()).toBe(3)
    await first?.end('failed')
    expect(herd.running()).toBe(3)
    expect(herd.calls.map(({ state }) => state)).toEqual([
      'ended',
      'running',
      'running',
      'running',
      'waiting',
    ])
  })

  it('a call that leaves twice gives back one slot', async () => {
    const herd = new Herd({ concurrency: 1 })
    const first = await herd.call()
    await first.end()
    await first.end()
    await herd.callMany(2)
    expect(herd.running()).toBe(1)
  })

  it('a quarter is kept for calls that a caller waits for, however long the others take', async () => {
    const herd = new Herd({ concurrency: 8 })
    const background = await herd.callMany(20, { background: true })
    expect(herd.running(background)).toBe(6)
    const interactive = await herd.callMany(3)
    expect(herd.running(interactive)).toBe(2)
  })

  it('a single slot is for both', async () => {
    const herd = new Herd({ concurrency: 1 })
    expect((await herd.call({ background: true })).state).toBe('running')
  })
})

describe('turns', () => {
  it('calls that a caller waits for go before the others, also when they came later', async () => {
    const herd = new Herd({ requestsPerSecond: 1, burst: 1 })
    await herd.call()
    const background = await herd.call({ background: true })
    const interactive = await herd.call()
    await herd.advance(1_000)
    expect([background.state, interactive.state]).toEqual(['waiting', 'running'])
    await herd.advance(1_000)
    expect(background.state).toBe('running')
  })

  it('tenants take turns: one call waits for one of each other tenant', async () => {
    const herd = new Herd({ requestsPerSecond: 1, burst: 1 })
    await herd.call()
    const backlog = await herd.callMany(50, { tenantId: 'large', background: true })
    const small = await herd.call({ tenantId: 'small', background: true })
    const own = await herd.call({ background: true })
    await herd.advance(1_000)
    expect(herd.running(backlog)).toBe(1)
    await herd.advance(1_000)
    expect(small.state).toBe('running')
    await herd.advance(1_000)
    expect(own.state).toBe('running')
    expect(herd.running(backlog)).toBe(1)
    await herd.advance(1_000)
    expect(herd.running(backlog)).toBe(2)
  })
})

describe('waiting is bounded', () => {
  it('by five seconds', async () => {
    const herd = new Herd({ concurrency: 1 })
    await herd.call()
    const waiting = await herd.call()
    await herd.advance(4_999)
    expect(waiting.state).toBe('waiting')
    await herd.advance(1)
    expect(waiting.error).toMatchObject({ reason: 'throttled', notSent: true })
    expect(waiting.error?.retryAfterMs).toBeGreaterThanOrEqual(1_000)
  })

  it('by a thousand calls; then the tenant with the most loses its newest, and background before others', async () => {
    const herd = new Herd({ concurrency: 1 })
    await herd.call()
    const backlog = await herd.callMany(1_000, { tenantId: 'large', background: true })
    expect(backlog.every(({ state }) => state === 'waiting')).toBe(true)

    const small = await herd.call({ tenantId: 'small', background: true })
    expect(small.state).toBe('waiting')
    expect(backlog.at(-1)?.error).toMatchObject({ reason: 'throttled', notSent: true })

    const oneMore = await herd.call({ tenantId: 'large', background: true })
    expect(oneMore.state).toBe('refused')

    const interactive = await herd.callMany(998, { tenantId: 'large' })
    expect(small.state).toBe('waiting')
    interactive.push(...(await herd.callMany(2, { tenantId: 'large' })))
    expect(small.state).toBe('refused')
    expect((await herd.call({ tenantId: 'small', background: true })).state).toBe('refused')
    expect(interactive.every(({ state }) => state === 'waiting')).toBe(true)

    expect((await herd.call({ tenantId: 'small' })).state).toBe('waiting')
    expect(interactive.at(-1)?.state).toBe('refused')
    expect(herd.limiters.snapshot()).toMatchObject([{ waiting: 1_000, running: 1 }])
  })

  it('by a thousand calls; among equals the last to come has to go', async () => {
    const herd = new Herd({ concurrency: 1 })
    await herd.call()
    const calls = []
    for (let n = 0; n <= 1_000; n += 1) calls.push(await herd.call({ tenantId: `tenant-${n}` }))
    expect(calls.map(({ state }) => state)).toEqual([...Array(1_000).fill('waiting'), 'refused'])
  })

  it('by its caller, who leaves no timer and no listener behind', async () => {
    const herd = new Herd({ concurrency: 1 })
    const caller = new AbortController()
    const first = await herd.call({ signal: caller.signal })
    const waiting = await herd.call({ signal: caller.signal })
    caller.abort()
    await herd.advance(0)
    expect(waiting.error).toMatchObject({ reason: 'aborted', notSent: true, retryAfterMs: null })
    expect(first.state).toBe('running')
    expect(await herd.call({ signal: caller.signal })).toMatchObject({ state: 'refused' })
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
    await first.end()
    expect(herd.timers.pending).toBe(0)
    expect((await herd.call()).state).toBe('running')
  })

  it('by a close: waiting calls are refused, later calls too, and running calls may end', async () => {
    const herd = new Herd({ requestsPerSecond: 1, burst: 1 })
    const first = await herd.call()
    const waiting = await herd.call()
    herd.limiters.close()
    await herd.advance(0)
    expect(waiting.error).toMatchObject({ reason: 'aborted', notSent: true })
    expect((await herd.call()).error).toMatchObject({ reason: 'aborted', notSent: true })
    await first.end()
    expect(herd.timers.pending).toBe(0)
  })
})

describe('a share', () => {
  it('of the limits is what one of several replicas takes, and it may change at any time', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 10, concurrency: 100 })
    herd.limiters.setShare(1 / 2)
    await herd.callMany(40)
    expect(herd.running()).toBe(5)
    await herd.advance(1_000)
    expect(herd.running()).toBe(10)
    herd.limiters.setShare(1)
    await herd.advance(1_000)
    expect(herd.running()).toBe(20)
    herd.limiters.setShare(1 / 5)
    await herd.advance(1_000)
    expect(herd.running()).toBe(20)
    for (const call of herd.calls.slice(0, 10)) await call.end()
    expect(herd.running()).toBe(12)
  })

  it('is never so small that nothing goes', async () => {
    const herd = new Herd({ requestsPerSecond: 10, burst: 2, concurrency: 3 })
    herd.limiters.setShare(1 / 100)
    expect((await herd.call()).state).toBe('running')
  })

  it.each([0, -1, 1.1, Number.NaN, Number.POSITIVE_INFINITY])('of %d is none', (share) => {
    expect(() => new Herd().limiters.setShare(share)).toThrow(TypeError)
  })
})

test('whatever comes, rate, slots and turns hold', async () => {
  const step = fc.record({
    pauseMs: fc.integer({ min: 0, max: 700 }),
    calls: fc.array(
      fc.record({
        tenantId: fc.constantFrom('a', 'b', 'c'),
        background: fc.boolean(),
      }),
      { maxLength: 12 },
    ),
    /** So many of those that run end. */
    ends: fc.integer({ min: 0, max: 12 }),
  })
  const limits = fc.record({
    requestsPerSecond: fc.double({ min: 0.5, max: 40, noNaN: true }),
    burst: fc.integer({ min: 1, max: 20 }),
    concurrency: fc.integer({ min: 1, max: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 40 }), async (given, steps) => {
      const herd = new Herd(given)
      const starts: number[] = []
      const started = new Set<object>()
      for (const { pauseMs, calls, ends } of steps) {
        await herd.advance(pauseMs)
        for (const call of calls) await herd.call(call)
        for (const call of herd.calls) {
          if (call.state !== 'running' || started.has(call)) continue
          started.add(call)
          starts.push(call.at)
        }
        expect(herd.running()).toBeLessThanOrEqual(given.concurrency)
        const running = herd.calls.filter(({ state }) => state === 'running')
        for (const call of running.slice(0, ends)) {
          // The next may start within, at this very moment.
          await call.end()
        }
      }
      for (const call of herd.calls)
        if (call.state === 'running' && !started.has(call)) starts.push(call.at)
      starts.sort((one, other) => one - other)
      for (const [first, from] of starts.entries()) {
        for (const [last, to] of starts.entries()) {
          if (last < first) continue
          const allowed = given.burst + ((to - from) * given.requestsPerSecond) / 1000
          expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6)
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('whatever waits, between two turns of a tenant every other one has at most one', async () => {
  const tenants = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(tenants, async (order) => {
      const herd = new Herd({ ...ample, concurrency: 1 })
      const limiter = await herd.call()
      const waiting = []
      for (const tenantId of order) waiting.push({ tenantId, call: await herd.call({ tenantId }) })
      const turns: string[] = []
      let running = limiter
      while (turns.length < order.length) {
        await running.end()
        const next = waiting.find(({ call }) => call.state === 'running')
        if (next === undefined) return expect.fail('no call runs although one waits')
        turns.push(next.tenantId)
        running = next.call
      }
      for (const tenantId of new Set(order)) {
        const own = turns.flatMap((each, index) => (each === tenantId ? [index] : []))
        for (const [nth, index] of own.entries()) {
          const between = turns.slice((own[nth - 1] ?? -1) + 1, index)
          expect(new Set(between).size).toBe(between.length)
        }
      }
    }),
    { numRuns: 100 },
  )
})
