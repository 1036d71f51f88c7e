import { KeywellError } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { createDoor, type DoorLimits, defaultDoorLimits } from './door.ts'

const limits: DoorLimits = {
  key: { requestsPerSecond: 10, burst: 3 },
  address: { requestsPerSecond: 1, burst: 2 },
  wrongKeys: { requestsPerSecond: 0.5, burst: 2 },
}

/** Milliseconds that somebody is to wait; 0 for who may come in. */
function waits(run: () => void): number {
  try {
    run()
    return 0
  } catch (error) {
    if (!(error instanceof KeywellError) || error.code !== 'rate_limited') throw error
    return error.retryAfterMs ?? Number.NaN
  }
}

test('a key, an address and a guesser wait each for themselves, and no longer than told', () => {
  let nowMs = 1_000
  const door = createDoor({ limits, now: () => nowMs })
  for (let calls = 0; calls < 3; calls += 1) expect(waits(() => door.call('key_a'))).toBe(0)
  expect(waits(() => door.call('key_a'))).toBe(100)
  expect(waits(() => door.call('key_b'))).toBe(0)
  nowMs += 100
  expect(waits(() => door.call('key_a'))).toBe(0)
  expect(waits(() => door.call('key_a'))).toBe(100)

  const guess = (address: string | undefined) => waits(() => door.wrongKey(address))
  expect([1, 2, 3].map(() => guess('192.0.2.1'))).toEqual([0, 0, 2_000])
  expect(guess('192.0.2.2')).toBe(0)
  nowMs += 2_000
  expect(guess('192.0.2.1')).toBe(0)
  // Visits are counted apart, and so are looks at its health.
  expect([1, 2, 3].map(() => waits(() => door.probe('192.0.2.1')))).toEqual([0, 0, 1_000])
  expect([1, 2, 3].map(() => waits(() => door.visit('192.0.2.1')))).toEqual([0, 0, 1_000])
})

test('an address is one however it is written, and an IPv6 network is one', () => {
  const door = createDoor({ limits, now: () => 0 })
  const visits = (...addresses: string[]) =>
    addresses.map((address) => waits(() => door.visit(address)) > 0)
  expect(visits('192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201')).toEqual([false, false, true])
  expect(visits('2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8::3')).toEqual([false, false, true])
  expect(visits('2001:db8:0:1::1')).toEqual([false])
  // Of a caller without an address nothing is known, so nothing is counted.
  for (let calls = 0; calls < 9; calls += 1) {
    expect(waits(() => door.visit(undefined))).toBe(0)
    expect(waits(() => door.visit('unix:'))).toBe(0)
    expect(waits(() => door.wrongKey(undefined))).toBe(0)
    expect(waits(() => door.probe(undefined))).toBe(0)
  }
})

test('what is remembered is bounded: whoever was quiet the longest is forgotten', () => {
  const door = createDoor({ limits, now: () => 0 })
  for (const _ of [1, 2]) expect(waits(() => door.call('first'))).toBe(0)
  expect(waits(() => door.call('first'))).toBe(0)
  expect(waits(() => door.call('first'))).toBeGreaterThan(0)
  for (let index = 0; index < 10_000; index += 1) door.call(`key_${index}`)
  expect(waits(() => door.call('first'))).toBe(0)
})

test('the defaults are far above what an app asks for', () => {
  const door = createDoor({ limits: defaultDoorLimits, now: () => 0 })
  for (let calls = 0; calls < 20_000; calls += 1) door.call('key_busy')
  for (let calls = 0; calls < 500; calls += 1) door.visit('192.0.2.1')
})
