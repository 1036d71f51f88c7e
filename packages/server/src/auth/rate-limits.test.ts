import { KeywellError } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { createRateLimits, defaultRateLimits, type RateLimitSettings } from './rate-limits.ts'

const limits: RateLimitSettings = {
  key: { requestsPerSecond: 10, burst: 3 },
  address: { requestsPerSecond: 1, burst: 2 },
  wrongKeys: { requestsPerSecond: 0.5, burst: 2 },
}

/** Milliseconds that a caller has to wait; 0 if the call is allowed. */
function waits(run: () => void): number {
  try {
    run()
    return 0
  } catch (error) {
    if (!(error instanceof KeywellError) || error.code !== 'rate_limited') throw error
    return error.retryAfterMs ?? Number.NaN
  }
}

test('a key, an address and a guesser wait each for themselves, and no longer than retryAfter says', () => {
  let nowMs = 1_000
  const rateLimits = createRateLimits({ limits, now: () => nowMs })
  for (let calls = 0; calls < 3; calls += 1) expect(waits(() => rateLimits.call('key_a'))).toBe(0)
  expect(waits(() => rateLimits.call('key_a'))).toBe(100)
  expect(waits(() => rateLimits.call('key_b'))).toBe(0)
  nowMs += 100
  expect(waits(() => rateLimits.call('key_a'))).toBe(0)
  expect(waits(() => rateLimits.call('key_a'))).toBe(100)

  const guess = (address: string | undefined) => waits(() => rateLimits.failedAuth(address))
  expect([1, 2, 3].map(() => guess('192.0.2.1'))).toEqual([0, 0, 2_000])
  expect(guess('192.0.2.2')).toBe(0)
  nowMs += 2_000
  expect(guess('192.0.2.1')).toBe(0)
  // Calls without a key are counted apart, and so are health checks.
  expect([1, 2, 3].map(() => waits(() => rateLimits.probe('192.0.2.1')))).toEqual([0, 0, 1_000])
  expect([1, 2, 3].map(() => waits(() => rateLimits.request('192.0.2.1')))).toEqual([0, 0, 1_000])
})

test('an address is one however it is written, and an IPv6 network is one', () => {
  const rateLimits = createRateLimits({ limits, now: () => 0 })
  const refused = (...addresses: string[]) =>
    addresses.map((address) => waits(() => rateLimits.request(address)) > 0)
  expect(refused('192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201')).toEqual([false, false, true])
  expect(refused('2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8::3')).toEqual([
    false,
    false,
    true,
  ])
  expect(refused('2001:db8:0:1::1')).toEqual([false])
  // Of a caller without an address nothing is known, so nothing is counted.
  for (let calls = 0; calls < 9; calls += 1) {
    expect(waits(() => rateLimits.request(undefined))).toBe(0)
    expect(waits(() => rateLimits.request('unix:'))).toBe(0)
    expect(waits(() => rateLimits.failedAuth(undefined))).toBe(0)
    expect(waits(() => rateLimits.probe(undefined))).toBe(0)
  }
})

test('what is remembered is bounded: the one that was quiet the longest is forgotten', () => {
  const rateLimits = createRateLimits({ limits, now: () => 0 })
  for (const _ of [1, 2]) expect(waits(() => rateLimits.call('first'))).toBe(0)
  expect(waits(() => rateLimits.call('first'))).toBe(0)
  expect(waits(() => rateLimits.call('first'))).toBeGreaterThan(0)
  for (let index = 0; index < 10_000; index += 1) rateLimits.call(`key_${index}`)
  expect(waits(() => rateLimits.call('first'))).toBe(0)
})

test('the defaults are far above what an app asks for', () => {
  const rateLimits = createRateLimits({ limits: defaultRateLimits, now: () => 0 })
  for (let calls = 0; calls < 20_000; calls += 1) rateLimits.call('key_busy')
  for (let calls = 0; calls < 500; calls += 1) rateLimits.request('192.0.2.1')
})
