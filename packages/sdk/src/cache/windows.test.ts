import { expect, test } from 'vitest'
import { windowsOf } from './windows.ts'

const minute = 60_000
const middle = 0.5 // no jitter

test('a long life has the longest windows: 15 minutes soft, one minute hard', () => {
  const life = 120 * minute
  expect(windowsOf(life, life, middle)).toEqual({
    softInMs: 105 * minute,
    hardInMs: 119 * minute,
  })
})

test('a short life has a quarter and a twentieth of it', () => {
  expect(windowsOf(10 * minute, 10 * minute, middle)).toEqual({
    softInMs: 7.5 * minute,
    hardInMs: 9.5 * minute,
  })
})

test('windows are counted from the end, however much of the life is left', () => {
  expect(windowsOf(10 * minute, minute, middle)).toEqual({
    softInMs: -1.5 * minute,
    hardInMs: 30_000,
  })
})

test('the soft window spreads by a fifth both ways; the hard one does not', () => {
  const life = 120 * minute
  const early = windowsOf(life, life, 1)
  const late = windowsOf(life, life, 0)
  expect(life - early.softInMs).toBe(18 * minute)
  expect(life - late.softInMs).toBe(12 * minute)
  expect(early.hardInMs).toBe(late.hardInMs)
})

test('a credential without an end is compared every five minutes, and never waited for', () => {
  expect(windowsOf(null, null, middle)).toEqual({
    softInMs: 5 * minute,
    hardInMs: Number.POSITIVE_INFINITY,
  })
})
