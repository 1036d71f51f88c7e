import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test, vi } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import { type TestDatabase, withStatements } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { silentLogger } from '../logger.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'
import { createReplicas } from './replicas.ts'

describeEachDatabase('replicas', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  function replica(options: { database?: Database } = {}) {
    const timers = new ManualTimers()
    const shares: number[] = []
    const processId = randomUUID()
    const part = createReplicas({
      database: options.database ?? database,
      hosts: [{ setShare: (share) => void shares.push(share) }],
      logger: silentLogger,
      after: timers.after,
      processId,
      rootKeyIds: () => ['kek_one'],
    })
    return { ...part, timers, shares, processId }
  }

  /** As if so much time had passed since it was last seen. */
  const age = (processId: string, seconds: number) =>
    database.query(
      `update replicas set seen_at = now() - $2 * interval '1 second' where replica_id = $1::uuid`,
      [processId, seconds],
    )
  const rows = () => database.query<{ replica_id: string }>('select replica_id from replicas')

  test('each takes its share, from the start and with every heartbeat; one that stops leaves its own', async () => {
    const one = replica()
    await one.start()
    expect(one.shares).toEqual([1])

    const other = replica()
    await other.start()
    expect(other.shares).toEqual([1 / 2])

    one.timers.advance(10_000)
    await vi.waitFor(() => expect(one.shares).toEqual([1, 1 / 2]))

    await other.stop()
    await vi.waitFor(() => expect(one.timers.pending).toBe(1))
    one.timers.advance(10_000)
    await vi.waitFor(() => expect(one.shares).toEqual([1, 1 / 2, 1]))
    await one.stop()
    expect(await rows()).toEqual([])
  })

  test('one that ends without a word counts for 30 s, and its row is gone after an hour', async () => {
    const killed = replica()
    await killed.start()
    for (const [seconds, share] of [
      [29, 1 / 2],
      [31, 1],
    ] as const) {
      await age(killed.processId, seconds)
      const living = replica()
      await living.start()
      expect(living.shares).toEqual([share])
      await living.stop()
    }
    expect(await rows()).toEqual([{ replica_id: killed.processId }])

    await age(killed.processId, 3_601)
    const living = replica()
    await living.start()
    expect(await rows()).toEqual([{ replica_id: living.processId }])
    await living.stop()
    await killed.stop()
  })

  test('one whose heartbeat is recent is alive, however long ago it began', async () => {
    const old = replica()
    await old.start()
    await age(old.processId, 31)
    old.timers.advance(10_000)
    await vi.waitFor(() => expect(old.shares).toEqual([1, 1]))
    const other = replica()
    await other.start()
    expect(other.shares).toEqual([1 / 2])
    await Promise.all([old.stop(), other.stop()])
    expect(old.timers.pending).toBe(0)
  })

  test('a stop waits for a heartbeat that is under way, and sends none after it', async () => {
    let go = () => {}
    const held = new Promise<void>((resolve) => {
      go = resolve
    })
    const slow = withStatements(database, (run, text) =>
      text.includes('insert into replicas') ? held.then(run) : run(),
    )
    const stopping = replica({ database: slow })
    const heartbeat = stopping.start()
    const stopped = stopping.stop()
    // Long enough for a row to be removed that is not there yet.
    await rows()
    go()
    await Promise.all([heartbeat, stopped])
    expect(stopping.timers.pending).toBe(0)
    expect(await rows()).toEqual([])
  })

  test('without a database the last share stands, and the heartbeats go on until it is back', async () => {
    let away = false
    const shaky = withStatements(database, (run) =>
      away ? Promise.reject(new DatabaseUnavailable('away')) : run(),
    )
    const other = replica()
    await other.start()
    const one = replica({ database: shaky })
    await one.start()
    expect(one.shares).toEqual([1 / 2])

    away = true
    for (let count = 0; count < 5; count += 1) {
      one.timers.advance(10_000)
      await vi.waitFor(() => expect(one.timers.pending).toBe(1))
    }
    expect(one.shares).toEqual([1 / 2])

    away = false
    await other.stop()
    one.timers.advance(10_000)
    await vi.waitFor(() => expect(one.shares).toEqual([1 / 2, 1]))
    away = true
    await one.stop()
    away = false
    expect(await rows()).toEqual([{ replica_id: one.processId }])
  })
})
