import { expect, test } from 'vitest'
import { LogCoverage } from './log-coverage.ts'

test('before the log was read, a credential is valid as of its own request', () => {
  const coverage = new LogCoverage()
  expect(coverage.validatedAtMs(10, coverage.segment)).toBe(10)
})

test('a credential requested since the log was first read is valid as of the last page', () => {
  const coverage = new LogCoverage()
  coverage.begin(5)
  const { segment } = coverage
  expect(coverage.validatedAtMs(10, segment)).toBe(10)
  coverage.extendTo(100)
  expect(coverage.validatedAtMs(10, segment)).toBe(100)
})

test('one requested before is not: a change in between is in no page', () => {
  const coverage = new LogCoverage()
  const before = coverage.segment
  coverage.begin(20)
  coverage.extendTo(100)
  expect(coverage.validatedAtMs(10, before)).toBe(10)
})

test('nor is one requested before a gap', () => {
  const coverage = new LogCoverage()
  coverage.begin(5)
  const before = coverage.segment
  coverage.begin(50)
  coverage.extendTo(100)
  expect(coverage.validatedAtMs(10, before)).toBe(10)
  expect(coverage.validatedAtMs(60, coverage.segment)).toBe(100)
})
