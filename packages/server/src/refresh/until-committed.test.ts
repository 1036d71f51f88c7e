import { KeywellError } from '@keywell/protocol'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../logger.ts'
import { DatabaseUnavailable } from '../store/database.ts'
import { untilCommitted } from './until-committed.ts'

/** Fails so often, then commits. Pauses take no time, and are written down. */
function commitAfter(failures: number, fault: () => Error) {
  const pauses: number[] = []
  let tries = 0
  const parts = { logger: silentLogger, sleep: async (ms: number) => void pauses.push(ms) }
  const done = untilCommitted(parts, async () => {
    tries += 1
    if (tries <= failures) throw fault()
    return 'committed'
  })
  return { done, pauses, tries: () => tries }
}

const away = () => new DatabaseUnavailable('connection refused')
const deadlock = () => new Error('deadlock detected')

test('what goes well at once is not repeated', async () => {
  const { done, pauses, tries } = commitAfter(0, away)
  expect(await done).toBe('committed')
  expect([tries(), pauses]).toEqual([1, []])
})

test('a database that is away is waited for, ever longer and at most five seconds', async () => {
  const { done, pauses } = commitAfter(9, away)
  expect(await done).toBe('committed')
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
})

test('for a tenant that was erased there is nothing to try again', async () => {
  const { done, tries } = commitAfter(9, () => new KeywellError('tenant_erased', 'erased'))
  await expect(done).rejects.toMatchObject({ code: 'tenant_erased' })
  expect(tries()).toBe(1)
})

test('however long it is away, the pair is held', async () => {
  const { done, tries } = commitAfter(20_000, away)
  expect(await done).toBe('committed')
  expect(tries()).toBe(20_001)
})

describe('anything else', () => {
  test('is tried again: a deadlock passes', async () => {
    const { done } = commitAfter(19, deadlock)
    expect(await done).toBe('committed')
  })

  test('is thrown after the twentieth time, as it came', async () => {
    const { done, tries } = commitAfter(20, deadlock)
    await expect(done).rejects.toThrow('deadlock detected')
    expect(tries()).toBe(20)
  })

  test('is not counted together with a database that is away', async () => {
    let turn = 0
    const { done } = commitAfter(300, () => {
      turn += 1
      return turn % 20 === 0 ? deadlock() : away()
    })
    expect(await done).toBe('committed')
  })
})

test('every failure is logged, with its reason and nothing of the pair', async () => {
  const lines: unknown[] = []
  const logger = { ...silentLogger, error: (...line: unknown[]) => void lines.push(line) }
  let tries = 0
  await untilCommitted({ logger, sleep: async () => {} }, async () => {
    tries += 1
    if (tries === 1) throw away()
  })
  const fields = {
    subject: 'refreshed credential',
    pauseMs: 100,
    reason: 'DatabaseUnavailable: connection refused',
  }
  expect(lines).toEqual([[fields, 'commit failed']])
})
