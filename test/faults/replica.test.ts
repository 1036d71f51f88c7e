import { afterAll, beforeAll, expect, test } from 'vitest'
import { runModule } from '../support/child.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { createMine } from './mine.ts'
import { startReplica } from './replica.ts'

let fleet: Fleet
beforeAll(async () => {
  fleet = await startFleet({ replicas: 1, connections: 1 })
})
afterAll(() => fleet?.stop())

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a replica serves, stands still while it is stopped, and dies when it is killed', async () => {
  const [replica] = fleet.replicas
  const [connection] = fleet.connections
  if (replica === undefined || connection === undefined) throw new Error('an empty fleet')
  expect(await fleet.read(0, connection)).toMatchObject({ status: 200, body: { generation: 1 } })
  replica.pause()
  let answered = false
  const waiting = fleet.read(0, connection).then((answer) => {
    answered = true
    return answer
  })
  // Other work is done meanwhile, so it had every chance.
  const other = await startReplica(fleet.settings)
  expect(answered).toBe(false)
  replica.resume()
  expect((await waiting).status).toBe(200)
  await other.kill()
  expect(other.ended()).toBe('SIGKILL')
  expect((await fleet.replace(0)).pid).not.toBe(replica.pid)
  expect((await fleet.read(0, connection)).status).toBe(200)
})

test('a replica that is asked to end ends well', async () => {
  const replica = await startReplica(fleet.settings)
  expect(await replica.drain()).toMatchObject({ code: 0 })
})

test('a replica that cannot start says why', async () => {
  const settings = { ...fleet.settings, keyPath: '/nosuch/key' }
  await expect(startReplica(settings)).rejects.toThrow(/nosuch/)
})

test('no replica outlives the process that started it, not even a stopped one', async () => {
  const harness = runModule(`
    const { startReplica } = await import('./test/faults/replica.ts')
    const replica = await startReplica(${JSON.stringify(fleet.settings)})
    replica.pause()
    console.log(replica.pid)
    setInterval(() => {}, 1_000)
  `)
  const pid = Number(await harness.nextLine())
  expect(isThere(pid)).toBe(true)
  harness.process.kill('SIGKILL')
  await expect.poll(() => isThere(pid)).toBe(false)
})

test('a mine lets some pass, holds some, and goes off with all of them there', async () => {
  const reported: string[][] = []
  const blows: string[] = []
  const mine = createMine({
    tell: async ({ connectionIds }) => void reported.push(connectionIds),
    blow: (how) => blows.push(how),
  })
  mine.lay({ point: 'after_answer', skip: 1, hold: 2, action: 'stop' })
  await mine.step('before_send', { connectionId: 'elsewhere' })
  await mine.step('after_answer', { connectionId: 'skipped' })
  const one = mine.step('after_answer', { connectionId: 'one' })
  await Promise.resolve()
  expect([reported, blows]).toEqual([[], []])
  await Promise.all([one, mine.step('after_answer', { connectionId: 'two' })])
  expect([reported, blows]).toEqual([[['one', 'two']], ['stop']])
  await mine.step('after_answer', { connectionId: 'later' })
})
