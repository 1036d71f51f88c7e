import { expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { createAuditKeys } from './audit-keys.ts'
import { createAuditWorker, linkEveryMs, trimEveryMs } from './worker.ts'

function setup() {
  const timers = new ManualTimers()
  const done: string[] = []
  const warned: string[] = []
  let failing = false
  async function note<Result>(what: string, result: Result): Promise<Result> {
    done.push(what)
    if (failing) throw new Error('the database is away')
    return result
  }
  const logger: Logger = { ...silentLogger, warn: (_, message) => void warned.push(message) }
  const worker = createAuditWorker({
    chainer: { link: () => note('link', 0) },
    heads: { sign: () => note('sign', 0) },
    retention: {
      makeWeeks: () => note('make weeks', undefined),
      trim: () => note('trim', { weeks: [], entries: 0 }),
    },
    logger,
    after: timers.after,
  })
  const fail = (does: boolean) => {
    failing = does
  }
  return { timers, done, warned, worker, fail }
}

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('makes weeks at once, links and signs each second, and trims each hour', async () => {
  const { timers, done, worker } = setup()
  worker.start()
  expect(done.splice(0)).toEqual(['make weeks'])
  for (let second = 0; second < 3; second += 1) {
    timers.advance(linkEveryMs)
    await settle()
  }
  expect(done).toEqual(['link', 'sign', 'link', 'sign', 'link', 'sign'])
  timers.advance(trimEveryMs)
  await settle()
  expect(done.slice(-4).toSorted()).toEqual(['link', 'make weeks', 'sign', 'trim'])
  await worker.stop()
})

test('a failure is logged, and tried again', async () => {
  const { timers, done, warned, worker, fail } = setup()
  worker.start()
  done.length = 0
  fail(true)
  timers.advance(linkEveryMs)
  await settle()
  expect(warned).toEqual(['audit linking failed'])
  fail(false)
  timers.advance(linkEveryMs)
  await settle()
  expect(done).toEqual(['link', 'link', 'sign'])
  await worker.stop()
})

test('a stop links what there is, and leaves no timer', async () => {
  const { timers, done, worker } = setup()
  worker.start()
  await worker.stop()
  expect(done).toEqual(['make weeks', 'link', 'sign'])
  expect(timers.pending).toBe(0)
})

test('who never began has nothing to link at the end', async () => {
  const { done, worker } = setup()
  await worker.stop()
  expect(done).toEqual([])
})

test('keys: a newer one is taken up without a restart, and the old one serves on while that fails', async () => {
  let active = 1
  let away = false
  const keys = createAuditKeys({
    subkeyOf: async (_, version = active) => {
      if (away) throw new Error('away')
      return { version, key: new Uint8Array(32).fill(version) }
    },
  })
  expect(() => keys.current()).toThrow('The service is starting.')
  await keys.load()
  expect(keys.current().version).toBe(1)
  active = 2
  away = true
  await expect(keys.load()).rejects.toThrow('away')
  expect(keys.current().version).toBe(1)
  away = false
  await keys.load()
  expect(keys.current().version).toBe(2)
  expect((await keys.find(1)).version).toBe(1)
})
