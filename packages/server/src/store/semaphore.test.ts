import { expect, test } from 'vitest'
import { DatabaseUnavailable } from './database.ts'
import { Semaphore } from './semaphore.ts'

/** Work that ends when the test says so. */
function work() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { run: () => ended, end: () => end() }
}

test('no more at once than allowed, and in the order they came', async () => {
  const semaphore = new Semaphore(2)
  const started: number[] = []
  const works = [work(), work(), work(), work()]
  const all = works.map((each, index) =>
    semaphore.run(1_000, () => {
      started.push(index)
      return each.run()
    }),
  )
  expect(started).toEqual([0, 1])
  works[1]?.end()
  await all[1]
  await Promise.resolve()
  expect(started).toEqual([0, 1, 2])
  for (const each of works) each.end()
  await Promise.all(all)
  expect(started).toEqual([0, 1, 2, 3])
})

test('work that fails gives its permit back, and its error reaches the caller', async () => {
  const semaphore = new Semaphore(1)
  const failing = semaphore.run(1_000, () => Promise.reject(new Error('no')))
  const next = semaphore.run(1_000, async () => 'next')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('next')
})

test('a wait that is too long fails, and costs no other caller its permit', async () => {
  const semaphore = new Semaphore(1)
  const long = work()
  const holder = semaphore.run(1_000, long.run)
  const impatient = semaphore.run(10, async () => 'never')
  const patient = semaphore.run(10_000, async () => 'patient')
  await expect(impatient).rejects.toThrow(DatabaseUnavailable)
  await expect(impatient).rejects.toThrow('busy for 10 ms')
  long.end()
  await holder
  expect(await patient).toBe('patient')
})
