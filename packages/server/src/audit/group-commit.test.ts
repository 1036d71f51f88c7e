import { describe, expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { createGroupCommit, maxGroupRows, maxWaitingRows, maxWaitMs } from './group-commit.ts'

interface Commit {
  rows: readonly number[]
  succeed: () => void
  fail: (reason: Error) => void
}

function setup() {
  const timers = new ManualTimers()
  const commits: Commit[] = []
  const log = createGroupCommit<number>({
    after: timers.after,
    commit: (rows) =>
      new Promise((resolve, reject) => {
        commits.push({ rows, succeed: resolve, fail: reject })
      }),
  })
  return { timers, commits, log, sizes: () => commits.map(({ rows }) => rows.length) }
}

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('groups', () => {
  test('an idle log commits at once', async () => {
    const { log, commits } = setup()
    const added = log.add(1)
    expect(commits.map(({ rows }) => rows)).toEqual([[1]])
    commits[0]?.succeed()
    await added
  })

  test('what arrives meanwhile goes together with the next, in order', async () => {
    const { log, commits } = setup()
    const first = log.add(0)
    const others = [1, 2, 3].map((row) => log.add(row))
    expect(commits).toHaveLength(1)
    commits[0]?.succeed()
    await first
    await settle()
    expect(commits.map(({ rows }) => rows)).toEqual([[0], [1, 2, 3]])
    commits[1]?.succeed()
    await Promise.all(others)
  })

  test('no caller is answered before the commit', async () => {
    const { log, commits } = setup()
    let answered = false
    const added = log.add(1).then(() => {
      answered = true
    })
    await settle()
    expect(answered).toBe(false)
    commits[0]?.succeed()
    await added
    expect(answered).toBe(true)
  })

  test('a row waits at most 20 ms for a slow commit before it', async () => {
    const { log, commits, timers } = setup()
    const added = [log.add(0), log.add(1), log.add(2)]
    timers.advance(maxWaitMs - 1)
    expect(commits).toHaveLength(1)
    timers.advance(1)
    expect(commits.map(({ rows }) => rows)).toEqual([[0], [1, 2]])
    for (const { succeed } of commits) succeed()
    await Promise.all(added)
  })

  test('a full group does not wait', async () => {
    const { log, sizes, commits } = setup()
    const added = numbers(1 + maxGroupRows).map((row) => log.add(row))
    expect(sizes()).toEqual([1, maxGroupRows])
    for (const { succeed } of commits) succeed()
    await Promise.all(added)
  })

  test('no group is larger than the bound, and no timer is left over', async () => {
    const { log, sizes, commits, timers } = setup()
    const added = numbers(4 * maxGroupRows).map((row) => log.add(row))
    for (let index = 0; index < commits.length; index += 1) {
      commits[index]?.succeed()
      await settle()
    }
    await Promise.all(added)
    expect(Math.max(...sizes())).toBe(maxGroupRows)
    expect(sizes().reduce((one, other) => one + other)).toBe(4 * maxGroupRows)
    expect(timers.pending).toBe(0)
  })
})

describe('trouble', () => {
  test('a failing commit refuses exactly its own rows', async () => {
    const { log, commits } = setup()
    const first = log.add(0)
    const second = Promise.allSettled([log.add(1), log.add(2)])
    commits[0]?.succeed()
    await first
    await settle()
    const third = log.add(3)
    const trouble = new Error('disk full')
    commits[1]?.fail(trouble)
    expect(await second).toEqual([
      { status: 'rejected', reason: trouble },
      { status: 'rejected', reason: trouble },
    ])
    await settle()
    commits[2]?.succeed()
    await third
  })

  test('the queue is bounded: what is too much is refused at once', async () => {
    const { log, commits, sizes } = setup()
    const inFlight = 4
    const all = numbers(1 + 3 * maxGroupRows + maxWaitingRows).map((row) => log.add(row))
    expect(commits).toHaveLength(inFlight)
    await expect(log.add(-1)).rejects.toThrow('too many rows wait')
    for (let index = 0; index < commits.length; index += 1) {
      commits[index]?.succeed()
      await settle()
    }
    await Promise.all(all)
    expect(Math.max(...sizes())).toBe(maxGroupRows)
  })

  test('close waits for every row that was taken, and takes no more', async () => {
    const { log, commits, timers } = setup()
    const added = [log.add(0), log.add(1)]
    let closed = false
    const closing = log.close().then(() => {
      closed = true
    })
    await expect(log.add(2)).rejects.toThrow('closed')
    commits[0]?.succeed()
    await settle()
    expect(closed).toBe(false)
    commits[1]?.succeed()
    await closing
    await Promise.all(added)
    expect(timers.pending).toBe(0)
  })

  test('close of an idle log is immediate', async () => {
    await setup().log.close()
  })
})
