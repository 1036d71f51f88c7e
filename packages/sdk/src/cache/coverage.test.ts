import { expect, test } from 'vitest'
import { Coverage } from './coverage.ts'

test('without a stream, only the question vouches', () => {
  const coverage = new Coverage()
  expect(coverage.vouchedAtMs(10, coverage.stretch)).toBe(10)
})

test('what was asked since the stream began is vouched for by each heartbeat', () => {
  const coverage = new Coverage()
  coverage.begin(5)
  const { stretch } = coverage
  expect(coverage.vouchedAtMs(10, stretch)).toBe(10)
  coverage.heard(100)
  expect(coverage.vouchedAtMs(10, stretch)).toBe(100)
})

test('what was asked before is not: a change in between was told to nobody', () => {
  const coverage = new Coverage()
  const before = coverage.stretch
  coverage.begin(20)
  coverage.heard(100)
  expect(coverage.vouchedAtMs(10, before)).toBe(10)
})

test('nor is what was asked before a gap', () => {
  const coverage = new Coverage()
  coverage.begin(5)
  const before = coverage.stretch
  coverage.begin(50)
  coverage.heard(100)
  expect(coverage.vouchedAtMs(10, before)).toBe(10)
  expect(coverage.vouchedAtMs(60, coverage.stretch)).toBe(100)
})
