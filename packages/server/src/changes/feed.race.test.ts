import { heartbeatMs } from '@keywell/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type CreatedDatabase,
  createDatabase,
  openEmbedded,
} from '../../../../test/support/databases.ts'
import { openCreated, openOwner, type TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { startPostgres } from '../../../../test/support/postgres.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { readHorizon } from '../store/changes.ts'
import type { Sql } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { SwitchableDatabase } from '../store/switchable.test.support.ts'
import { writeChange } from './changes.ts'
import {
  advance,
  connection,
  generations,
  isPending,
  polled,
  Subscriber,
  until,
  upTo,
  write,
  writeMany,
} from './feed.test.support.ts'
import { type ChangeFeed, createChangeFeed } from './feed.ts'

// What takes two backends, or a server that can fall: the embedded database has neither.

const pollMs = 50
let created: CreatedDatabase
let database: TestDatabase
let feeds: ChangeFeed[] = []

beforeAll(async () => {
  created = await createDatabase()
  database = await openCreated(created)
})
beforeEach(async () => {
  await database.query('delete from changes')
})
afterEach(async () => {
  await Promise.all(feeds.map((feed) => feed.stop()))
  feeds = []
})
afterAll(async () => {
  await database.close()
  await created.drop()
})

async function start(
  options: Partial<Parameters<typeof createChangeFeed>[0]> = {},
): Promise<ChangeFeed> {
  const feed = createChangeFeed({ database, pollMs, ...options })
  feeds.push(feed)
  await feed.start()
  return feed
}

/** A transaction that has done some work. The returned function lets it do the rest and commit. */
async function hold(
  work: (sql: Sql) => Promise<unknown>,
  rest: (sql: Sql) => Promise<unknown> = async () => {},
): Promise<() => Promise<void>> {
  const released = deferred()
  const begun = deferred()
  const ended = database.transaction(connection.tenantId, async (sql) => {
    await work(sql)
    begun.resolve()
    await released.promise
    await rest(sql)
  })
  await begun.promise
  return async () => {
    released.resolve()
    await ended
  }
}

describe('while a transaction is open', () => {
  test('a lower number that commits after a higher one is not lost', async () => {
    const feed = await start()
    const subscriber = new Subscriber(feed)
    await subscriber.take(1)
    const commit = await hold((sql) => writeChange(sql, { kind: 'connected', connection }))
    await write(database, 2)
    const next = subscriber.take(2)
    await polled(feed)
    await polled(feed)
    expect(await isPending(next)).toBe(true) // the higher number waits for the lower
    await commit()
    expect(generations(await next)).toEqual([1, 2])
  })

  test('the order is that of the transactions, and the same for who resumes', async () => {
    const feed = await start()
    const subscriber = new Subscriber(feed)
    const [hello] = await subscriber.take(1)
    const commit = await hold(
      (sql) => sql.query('select pg_current_xact_id()'),
      (sql) => writeChange(sql, { kind: 'connected', connection }),
    )
    await write(database, 2) // draws the lower number, in the later transaction
    await commit()
    const events = await subscriber.take(2)
    expect(generations(events)).toEqual([1, 2])

    await feed.stop()
    const restarted = await start()
    const reader = new Subscriber(restarted, hello?.id)
    expect(generations(await reader.take(3))).toEqual([1, 2])
    const second = new Subscriber(restarted, events[0]?.id)
    expect(generations(await second.take(2))).toEqual([2])
  })

  test('a subscriber that resumes in between misses nothing either', async () => {
    const feed = await start()
    const first = new Subscriber(feed)
    await write(database, 1)
    const [, seen] = await first.take(2)
    const commit = await hold((sql) =>
      writeChange(sql, { kind: 'refreshed', connection: { ...connection, generation: 2 } }),
    )
    await write(database, 3)
    await polled(feed)
    first.abort()
    const second = new Subscriber(feed, seen?.id)
    await second.take(1)
    await commit()
    expect(generations(await second.take(2))).toEqual([2, 3])
  })

  test('a transaction that only reads holds nothing back', async () => {
    const subscriber = new Subscriber(await start())
    await subscriber.take(1)
    const commit = await hold(async (sql) => {
      await sql.query('select * from changes')
    })
    await write(database, 1)
    expect(generations(await subscriber.take(1))).toEqual([1])
    await commit()
  })

  test('what it holds back is sent soon after it ends, even without a notification', async () => {
    const timers = new ManualTimers()
    const feed = await start({ after: timers.after, pollMs: 60_000 })
    const subscriber = new Subscriber(feed)
    await subscriber.take(1)
    const commit = await hold(async (sql) => {
      await sql.query('select pg_current_xact_id()')
    })
    await write(database, 1)
    await advance(timers, feed, 10)
    await commit()
    const next = subscriber.next()
    // A transaction in another database of the server holds it back, too; the regular poll stays far away.
    for (let looks = 0; looks < 40 && (await isPending(next)); looks += 1) {
      timers.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(generations(await next)).toEqual([1])
  })

  test('heartbeats stop once a change has been held back for a second', async () => {
    const timers = new ManualTimers()
    const feed = await start({ after: timers.after })
    const subscriber = new Subscriber(feed)
    await subscriber.take(1)
    const commit = await hold(async (sql) => {
      await sql.query('select pg_current_xact_id()')
    })
    const next = subscriber.next()
    await writeMany(database, 1, 2_000)
    await advance(timers, feed, heartbeatMs)
    await advance(timers, feed, heartbeatMs)
    expect(await isPending(next)).toBe(true)
    await commit()
    await advance(timers, feed, heartbeatMs)
    expect(generations(await next)).toEqual([1])
    expect((await subscriber.next())?.name).toBe('heartbeat')
  })

  test('many writers that overlap, some of which give up, are all sent once', async () => {
    const subscriber = new Subscriber(await start())
    await subscriber.take(1)
    const written = upTo(300).map((generation) =>
      database.transaction(connection.tenantId, async (sql) => {
        await writeChange(sql, { kind: 'refreshed', connection: { ...connection, generation } })
        // Some commit long after others that began later.
        await sql.query('select pg_sleep($1)', [generation % 10 === 0 ? 0.03 : 0])
        if (generation % 7 === 0) throw new Error('gives up')
      }),
    )
    const outcomes = await Promise.allSettled(written)
    const committed = upTo(300).filter((generation) => generation % 7 !== 0)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(committed.length)
    const received = generations(await subscriber.take(committed.length))
    expect(received.toSorted((one, other) => one - other)).toEqual(committed)
  })
})

test('a server that crashes and comes back: silence, then everything', async () => {
  const server = await startPostgres()
  const crashing = await openOwner(server.url)
  try {
    await migrate(crashing)
    const timers = new ManualTimers()
    const failed = deferred()
    const logger: Logger = { ...silentLogger, warn: failed.resolve }
    const feed = await start({ database: crashing, after: timers.after, logger })
    const subscriber = new Subscriber(feed)
    await subscriber.take(1)
    await write(crashing, 1)
    await server.crash()
    timers.advance(heartbeatMs)
    await failed.promise
    const next = subscriber.next()
    timers.advance(10 * heartbeatMs)
    expect(await isPending(next)).toBe(true)

    await server.start()
    await until(async () => {
      timers.advance(pollMs)
      return !(await isPending(next))
    })
    expect(generations(await next)).toEqual([1])
    expect((await subscriber.next())?.name).toBe('heartbeat')
    await feed.stop()
  } finally {
    await crashing.close()
    await server.stop()
  }
}, 60_000)

test('another database in the place of the old one: flush, then its changes', async () => {
  const embedded = await openEmbedded()
  try {
    const [old, restored] = await furthestFirst(database, embedded)
    const switchable = new SwitchableDatabase(old)
    const feed = await start({ database: switchable })
    const subscriber = new Subscriber(feed)
    await subscriber.take(1)
    await write(old, 1)
    const [seen] = await subscriber.take(1)

    switchable.inner = restored
    expect((await subscriber.next())?.name).toBe('flush')
    await write(restored, 2)
    expect(generations(await subscriber.take(1))).toEqual([2])
    const names = (await new Subscriber(feed, seen?.id).take(2)).map(({ name }) => name)
    expect(names).toEqual(['hello', 'flush'])
    await feed.stop()
  } finally {
    await embedded.close()
  }
}, 60_000)

/** Sorts by the number of transactions they have seen, and makes the difference larger. */
async function furthestFirst(
  one: TestDatabase,
  other: TestDatabase,
): Promise<[TestDatabase, TestDatabase]> {
  const [xidOfOne, xidOfOther] = await Promise.all(
    [one, other].map(async (each) => BigInt((await readHorizon(each)).xid)),
  )
  const sorted: [TestDatabase, TestDatabase] =
    Number(xidOfOne) > Number(xidOfOther) ? [one, other] : [other, one]
  for (let count = 0; count < 50; count += 1) await sorted[0].query('select pg_current_xact_id()')
  return sorted
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
