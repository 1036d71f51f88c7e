import { expect } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { keptFor } from './kept.ts'

verifies('requests:kept-answers', async () => {
  let nowMs = 0
  let made = 0
  let isAway = false
  const now = () => nowMs
  const make = async () => {
    made += 1
    if (isAway) throw new Error('away')
    return made
  }
  const ask = keptFor(1_000, now, make)
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1])
  nowMs = 999
  expect(await ask()).toBe(1)
  nowMs = 1_000
  expect(await Promise.all([ask(), ask()])).toEqual([2, 2])
  // A failure is given to the callers that wait for it, and not kept.
  nowMs = 2_000
  isAway = true
  const failures = await Promise.allSettled([ask(), ask()])
  expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(made).toBe(3)
  isAway = false
  expect(await ask()).toBe(4)

  made = 0
  const document = keptFor(Number.POSITIVE_INFINITY, now, make)
  await document()
  nowMs += 365 * 24 * 3_600_000
  expect(await document()).toBe(1)
})
