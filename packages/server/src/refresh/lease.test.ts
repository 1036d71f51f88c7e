import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import { type TestDatabase, withStatements } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { type Database, DatabaseUnavailable } from '../store/database.ts'
import { claimRefresh } from '../store/reader-claims.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { openLease } from './lease.ts'
import { defaultTiming } from './timing.ts'

describeEachDatabase('a lease', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })
  afterEach(async () => {
    await database.query("delete from refresh_schedule where tenant_id = 'ten_a'")
  })

  const key = { tenantId: 'ten_a', connectionId: 'con_a' }

  async function claim(): Promise<Claim> {
    await database.query(
      `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at)
       values ('ten_a', 'con_a', 'int_a', 'https://gitlab.example', 'idle', now())
       on conflict (tenant_id, connection_id) do update set lease_until = null`,
    )
    const taken = await claimRefresh(database, {
      ...key,
      owner: randomUUID(),
      leaseMs: 60_000,
      silentMs: null,
    })
    if (taken === undefined) throw new Error('it was due')
    return taken
  }

  /** As if so much time had passed since it was taken or extended. */
  async function letPass(ms: number): Promise<void> {
    await database.query(
      `update refresh_schedule set lease_until = lease_until - $1 * interval '1 millisecond'
       where tenant_id = 'ten_a'`,
      [ms],
    )
  }

  async function leftMs(): Promise<number> {
    const [row] = await database.query<{ ms: number }>(
      `select (extract(epoch from lease_until - now()) * 1000)::float8 as ms from refresh_schedule
       where tenant_id = 'ten_a'`,
    )
    return row?.ms ?? Number.NaN
  }

  test('is extended to its full length every third of it, while a request is open', async () => {
    const timers = new ManualTimers()
    const lease = openLease({ database, after: timers.after, timing: defaultTiming }, await claim())
    expect(timers.pending).toBe(0)
    lease.hold()
    for (let turn = 0; turn < 3; turn++) {
      await letPass(40_000)
      expect(await leftMs()).toBeLessThan(20_000)
      expect(timers.nextIn).toBe(20_000)
      timers.advance(20_000)
      await vi.waitFor(() => expect(timers.pending).toBe(1))
      expect(await leftMs()).toBeGreaterThan(50_000)
    }
    lease.end()
    expect(timers.pending).toBe(0)
  })

  /** Counts statements that were answered. */
  function watch() {
    let count = 0
    const watched = withStatements(database, async (run) => {
      const rows = await run()
      count += 1
      return rows
    })
    return { watched, answered: () => count }
  }

  test('that another worker has by now is let go', async () => {
    const timers = new ManualTimers()
    const { watched, answered } = watch()
    const parts = { database: watched, after: timers.after, timing: defaultTiming }
    const lease = openLease(parts, await claim())
    await claim()
    await letPass(30_000)
    lease.hold()
    timers.advance(20_000)
    await vi.waitFor(() => expect(answered()).toBe(1))
    expect(timers.pending).toBe(0)
    expect(await leftMs()).toBeLessThan(31_000)
  })

  test('that ended while it was being extended is not extended again', async () => {
    const timers = new ManualTimers()
    const { watched, answered } = watch()
    const parts = { database: watched, after: timers.after, timing: defaultTiming }
    const lease = openLease(parts, await claim())
    lease.hold()
    timers.advance(20_000)
    lease.end()
    await vi.waitFor(() => expect(answered()).toBe(1))
    expect(timers.pending).toBe(0)
  })

  test('outlives a database that is away: no other worker can take it meanwhile', async () => {
    const timers = new ManualTimers()
    const taken = await claim()
    let isAway = true
    const shaky = withStatements(database, (run) =>
      isAway ? Promise.reject(new DatabaseUnavailable('away')) : run(),
    )
    const lease = openLease({ database: shaky, after: timers.after, timing: defaultTiming }, taken)
    lease.hold()
    timers.advance(20_000)
    await vi.waitFor(() => expect(timers.pending).toBe(1))
    isAway = false
    await letPass(40_000)
    timers.advance(20_000)
    await vi.waitFor(() => expect(timers.pending).toBe(1))
    expect(await leftMs()).toBeGreaterThan(50_000)
    lease.end()
  })
})

test('nothing may be sent once what is left would not do for the deadline and the margin', () => {
  const claim = {} as Claim // nothing is asked of it before it is held
  const lease = (leaseMs: number) =>
    openLease(
      {
        database: {} as Database, // likewise
        after: new ManualTimers().after,
        timing: { ...defaultTiming, leaseMs },
      },
      claim,
    )
  const needed = defaultTiming.deadlineMs + defaultTiming.marginMs
  expect(() => lease(needed + 60_000).mustStillSend()).not.toThrow()
  expect(() => lease(needed).mustStillSend()).toThrow('too much of the lease has passed')
})
