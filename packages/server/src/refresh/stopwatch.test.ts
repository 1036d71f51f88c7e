import { expect, test } from 'vitest'
import { startStopwatch } from './stopwatch.ts'

function started() {
  const now = { monotonic: 5_000, wall: 1_700_000_000_000 }
  const elapsedMs = startStopwatch({ monotonic: () => now.monotonic, wall: () => now.wall })
  return { now, elapsedMs }
}

test('begins at zero, and measures the time that has passed', () => {
  const { now, elapsedMs } = started()
  expect(elapsedMs()).toBe(0)
  now.monotonic += 250
  now.wall += 250
  expect(elapsedMs()).toBe(250)
})

test('a machine that slept: the monotonic clock stood still', () => {
  const { now, elapsedMs } = started()
  now.wall += 600_000
  expect(elapsedMs()).toBe(600_000)
})

test('a wall clock that was set back takes nothing away', () => {
  const { now, elapsedMs } = started()
  now.monotonic += 250
  now.wall -= 3_600_000
  expect(elapsedMs()).toBe(250)
})

test('the real clocks go forward', () => {
  const elapsedMs = startStopwatch()
  const first = elapsedMs()
  expect(first).toBeGreaterThanOrEqual(0)
  expect(elapsedMs()).toBeGreaterThanOrEqual(first)
})
