import { getEventListeners } from 'node:events'
import { type Change, changeSchema, heartbeatMs } from '@keywell/protocol'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { SwitchableDatabase } from '../store/switchable.test.support.ts'
import { writeChange } from './changes.ts'
import {
  advance,
  caughtUp,
  connection,
  generations,
  isPending,
  nowhere,
  polled,
  Subscriber,
  until,
  upTo,
  write,
  writeMany,
} from './feed.test.support.ts'
import { type ChangeFeed, createChangeFeed } from './feed.ts'
import { trimEveryMs } from './retention.ts'
import { maxHeldEntries, maxSegmentEntries } from './ring-buffer.ts'

const day = 24 * 3_600_000
const pollMs = 50

describeEachDatabase('the change feed', (makeDatabase) => {
  let database: TestDatabase
  let feeds: ChangeFeed[] = []

  beforeAll(async () => {
    database = await makeDatabase()
  })
  beforeEach(async () => {
    await database.query('delete from changes')
  })
  afterEach(async () => {
    await Promise.all(feeds.map((feed) => feed.stop()))
    feeds = []
  })

  /** A feed that has started, with real timers unless given others. */
  async function start(
    options: Partial<Parameters<typeof createChangeFeed>[0]> = {},
  ): Promise<ChangeFeed> {
    const feed = createChangeFeed({ database, pollMs, ...options })
    feeds.push(feed)
    await feed.start()
    return feed
  }

  describe('a stream', () => {
    test('opens with hello and its position, then sends each change as it comes', async () => {
      const feed = await start()
      const subscriber = new Subscriber(feed)
      const [hello] = await subscriber.take(1)
      expect(hello).toMatchObject({ name: 'hello', data: { position: hello?.id } })

      await write(database, 7)
      const [event] = await subscriber.take(1)
      expect(event?.name).toBe('change')
      const change = changeSchema.parse(event?.data)
      expect(change).toMatchObject({
        kind: 'refreshed',
        tenantId: connection.tenantId,
        userId: connection.userId,
        connectionId: connection.id,
        provider: 'gitlab',
        host: 'https://gitlab.com',
        name: 'default',
        generation: 7,
        position: event?.id,
      })
      expect(Math.abs(Date.parse(change.at) - Date.now())).toBeLessThan(60_000)
    })

    test('sends nothing of what was before it', async () => {
      await write(database, 1)
      const feed = await start()
      await write(database, 2)
      await caughtUp(feed, database)
      const subscriber = new Subscriber(feed)
      await write(database, 3)
      expect(generations(await subscriber.take(2))).toEqual([3])
    })

    test('sends nothing of a transaction that was rolled back', async () => {
      const subscriber = new Subscriber(await start())
      await subscriber.take(1)
      const rolledBack = database.transaction(connection.tenantId, async (sql) => {
        await writeChange(sql, { kind: 'connected', connection })
        throw new Error('no')
      })
      await expect(rolledBack).rejects.toThrow('no')
      await write(database, 2)
      expect(generations(await subscriber.take(1))).toEqual([2])
    })

    test('keeps any id in one line of data', async () => {
      const subscriber = new Subscriber(await start())
      await subscriber.take(1)
      const userId = 'a\u2028b"\\ü🔑 event: flush'
      await write(database, 1, { userId, tenantId: '__proto__' })
      expect((await subscriber.next())?.data).toMatchObject({ userId, tenantId: '__proto__' })
    })

    test('goes to any number of subscribers, to each everything once and in one order', async () => {
      const feed = await start()
      const subscribers = Array.from({ length: 40 }, () => new Subscriber(feed))
      await Promise.all(subscribers.map((subscriber) => subscriber.take(1)))
      const written = Array.from({ length: 25 }, (_, index) => index + 1)
      await Promise.all(written.map((generation) => write(database, generation)))
      const received = await Promise.all(subscribers.map((subscriber) => subscriber.take(25)))
      const [first] = received
      expect(generations(first).toSorted((one, other) => one - other)).toEqual(written)
      for (const events of received) expect(events).toEqual(first)

      await write(database, 26)
      for (const subscriber of subscribers) {
        expect(generations(await subscriber.take(1))).toEqual([26])
      }
    })

    test('with a notification does not wait for the next poll', async () => {
      const feed = await start({ pollMs: 3_600_000 })
      const subscriber = new Subscriber(feed)
      await subscriber.take(1)
      await polled(feed)
      await write(database, 1)
      expect(generations(await subscriber.take(1))).toEqual([1])
    })

    test('without a notification comes with the next poll', async () => {
      const feed = await start()
      const subscriber = new Subscriber(feed)
      await subscriber.take(1)
      await polled(feed)
      await writeMany(database, 1) // straight into the table
      expect(generations(await subscriber.take(1))).toEqual([1])
    })
  })

  describe('resuming', () => {
    test('goes on after the last event that was seen, from memory', async () => {
      const feed = await start()
      const first = new Subscriber(feed)
      await first.take(1)
      await write(database, 1)
      const [seen] = await first.take(1)
      first.abort()
      await write(database, 2)
      await write(database, 3)
      await caughtUp(feed, database)

      const second = new Subscriber(feed, seen?.id)
      const [hello, ...events] = await second.take(3)
      expect(hello).toMatchObject({ name: 'hello', data: { position: seen?.id } })
      expect(generations(events)).toEqual([2, 3])
    })

    test('goes on after hello, when no change had come', async () => {
      const feed = await start()
      const first = new Subscriber(feed)
      const [hello] = await first.take(1)
      first.abort()
      await write(database, 1)
      expect(generations(await new Subscriber(feed, hello?.id).take(2))).toEqual([1])
    })

    test('reads from the table, page after page, what a new process does not remember', async () => {
      const before = await start()
      const [hello] = await new Subscriber(before).take(1)
      await before.stop()
      const count = 2 * maxSegmentEntries + 3
      await writeMany(database, count)

      const subscriber = new Subscriber(await start(), hello?.id)
      const [again, ...events] = await subscriber.take(1 + count)
      expect(again?.id).toBe(hello?.id)
      expect(generations(events)).toEqual(upTo(count))
      expect((await subscriber.next())?.name).toBe('heartbeat') // read on to where memory begins
      await write(database, count + 1)
      expect(generations(await subscriber.take(1))).toEqual([count + 1])
    })

    test('works on a replica that has not read so far yet', async () => {
      const timers = new ManualTimers()
      const behind = await start({ after: timers.after })
      const ahead = await start()
      const first = new Subscriber(ahead)
      await first.take(1)
      await write(database, 1)
      const [seen] = await first.take(1)
      await write(database, 2)

      const moved = new Subscriber(behind, seen?.id)
      const events = moved.take(2)
      await advance(timers, behind, 1_000)
      expect((await events).map(({ name }) => name)).toEqual(['hello', 'change'])
      expect(generations(await events)).toEqual([2])
    })

    test.each([
      ['is no position', 'yesterday'],
      ['is empty', ''],
      ['is of another database', nowhere],
      [
        'is larger than any number in it',
        '99999999999999999999.9999999999999999999.999999999999999',
      ],
    ])('answers flush, and goes on from now, when the position %s', async (_, position) => {
      const feed = await start()
      await write(database, 1)
      await caughtUp(feed, database)
      const subscriber = new Subscriber(feed, position)
      const [hello, flush] = await subscriber.take(2)
      expect(hello?.name).toBe('hello')
      expect(flush).toMatchObject({ name: 'flush', data: { position: hello?.id } })
      await write(database, 2)
      const [event] = await subscriber.take(1)
      expect(generations(event)).toEqual([2])

      const resumed = new Subscriber(feed, flush?.id)
      expect(generations(await resumed.take(2))).toEqual([2])
    })

    test('answers flush to a position that is older than what is kept', async () => {
      const feed = await start({ retentionMs: day })
      const [hello] = await new Subscriber(feed).take(1)
      const ago = (ms: number) => hello?.id?.replace(/\d+$/, (at) => String(Number(at) - ms))

      const kept = new Subscriber(feed, ago(day - 60_000))
      const tooOld = new Subscriber(feed, ago(day + 60_000))
      await write(database, 1)
      expect((await kept.take(2)).map(({ name }) => name)).toEqual(['hello', 'change'])
      expect((await tooOld.take(2)).map(({ name }) => name)).toEqual(['hello', 'flush'])
    })
  })

  describe('a slow subscriber', () => {
    test('receives everything, from the table, when it reads again', async () => {
      const feed = await start()
      const slow = new Subscriber(feed)
      const quick = new Subscriber(feed)
      await slow.take(1)
      await quick.take(1)
      const count = maxHeldEntries + 2 * maxSegmentEntries
      await writeMany(database, count)
      expect(generations(await quick.take(count))).toEqual(upTo(count))
      expect(generations(await slow.take(count))).toEqual(upTo(count))
    })

    test('receives flush when it comes back after longer than is kept', async () => {
      // Longer than a busy machine takes to write a change and to read it.
      const retentionMs = 1_500
      const feed = await start({ retentionMs })
      const slow = new Subscriber(feed)
      const [hello] = await slow.take(1)
      await write(database, 1)
      const now = async () => Number((await new Subscriber(feed).next())?.id?.split('.')[2])
      const helloAt = Number(hello?.id?.split('.')[2])
      await until(async () => (await now()) > helloAt + retentionMs)
      expect((await slow.next())?.name).toBe('flush')
      await write(database, 2)
      expect(generations(await slow.take(1))).toEqual([2])
    })

    test('that never reads again does not keep the others waiting', async () => {
      const feed = await start()
      const stuck = Array.from({ length: 20 }, () => new Subscriber(feed))
      await Promise.all(stuck.map((subscriber) => subscriber.take(1)))
      const quick = new Subscriber(feed)
      await quick.take(1)
      await writeMany(database, maxSegmentEntries)
      expect(generations(await quick.take(maxSegmentEntries))).toEqual(upTo(maxSegmentEntries))
    })
  })

  describe('heartbeats', () => {
    test('come every 5 s, to every stream', async () => {
      const timers = new ManualTimers()
      const feed = await start({ after: timers.after })
      const subscribers = [new Subscriber(feed), new Subscriber(feed)]
      await Promise.all(subscribers.map((subscriber) => subscriber.take(1)))
      for (let beat = 0; beat < 3; beat += 1) {
        const next = Promise.all(subscribers.map((subscriber) => subscriber.next()))
        await advance(timers, feed, heartbeatMs)
        expect((await next).map((event) => event?.name)).toEqual(['heartbeat', 'heartbeat'])
      }
    })

    test('do not come more often', async () => {
      const timers = new ManualTimers()
      const feed = await start({ after: timers.after })
      const subscriber = new Subscriber(feed)
      await subscriber.take(1)
      await advance(timers, feed, heartbeatMs - 100)
      const next = subscriber.next()
      expect(await isPending(next)).toBe(true)
      await advance(timers, feed, 100)
      expect((await next)?.name).toBe('heartbeat')
    })
  })

  describe('with the database away', () => {
    test('streams stay open and fall silent, then go on without a gap', async () => {
      const timers = new ManualTimers()
      const switchable = new SwitchableDatabase(database)
      const feed = await start({ database: switchable, after: timers.after })
      const subscriber = new Subscriber(feed)
      await subscriber.take(1)

      switchable.away = true
      const next = subscriber.next()
      await write(database, 1)
      await until(() => {
        timers.advance(heartbeatMs)
        return switchable.refused >= 10
      })
      expect(await isPending(next)).toBe(true)
      const late = new Subscriber(feed)
      const hello = late.next()
      expect(await isPending(hello)).toBe(true) // there is no telling yet where it begins

      switchable.away = false
      timers.advance(1_000)
      let received = await next
      // An open transaction of another database on this server delays the change until it ends.
      while (received?.name === 'heartbeat') {
        const further = subscriber.next()
        await advance(timers, feed, 1_000)
        received = await further
      }
      expect(generations(received)).toEqual([1])
      const beat = subscriber.next()
      // The one that was due may have come while the change was delayed.
      if (await isPending(beat)) await advance(timers, feed, heartbeatMs)
      expect((await beat)?.name).toBe('heartbeat')
      expect((await hello)?.name).toBe('hello')
      await write(database, 2)
      await advance(timers, feed, 1_000)
      expect(generations(await late.take(1))).toEqual([2])
    })

    test('a stream that must read the table waits for it', async () => {
      const [hello] = await new Subscriber(await start()).take(1)
      await write(database, 1)
      const switchable = new SwitchableDatabase(database)
      const feed = await start({ database: switchable })
      switchable.away = true
      const subscriber = new Subscriber(feed, hello?.id)
      expect((await subscriber.next())?.name).toBe('hello')
      const next = subscriber.next()
      await until(() => switchable.refused >= 3)
      expect(await isPending(next)).toBe(true)
      switchable.away = false
      expect(generations(await next)).toEqual([1])
    })

    test('one warning says so, and one word that it is over', async () => {
      const said: string[] = []
      const note = (_: object, message: string) => said.push(message)
      const logger: Logger = { ...silentLogger, info: note, warn: note }
      const switchable = new SwitchableDatabase(database)
      const feed = await start({ database: switchable, logger })
      switchable.away = true
      await until(() => switchable.refused >= 3)
      switchable.away = false
      await polled(feed)
      expect(said).toEqual(['change log unreadable', 'change log readable'])
    })

    test('the feed does not start', async () => {
      const switchable = new SwitchableDatabase(database)
      switchable.away = true
      const feed = createChangeFeed({ database: switchable })
      await expect(feed.start()).rejects.toMatchObject({ name: 'DatabaseUnavailable' })
      await feed.stop()
    })
  })

  describe('an end', () => {
    test('by the signal closes the stream and leaves nothing behind, on the signal either', async () => {
      const feed = await start()
      const aborting = new AbortController()
      const stream = feed.stream({ signal: aborting.signal })
      await stream.next()
      const next = stream.next()
      expect(feed.streams).toBe(1)
      aborting.abort()
      expect(await next).toEqual({ value: undefined, done: true })
      expect(feed.streams).toBe(0)
      expect(getEventListeners(aborting.signal, 'abort')).toEqual([])
    })

    test('before the first read is an end as well', async () => {
      const feed = await start()
      const stream = feed.stream({ signal: AbortSignal.abort() })
      expect(await stream.next()).toEqual({ value: undefined, done: true })
      await feed.stream({ signal: new AbortController().signal }).return()
      expect(feed.streams).toBe(0)
    })

    test('comes to all streams when the feed stops, also to one that waits for the database', async () => {
      const timers = new ManualTimers()
      const feed = await start({ after: timers.after })
      const subscribers = [
        new Subscriber(feed),
        new Subscriber(feed),
        new Subscriber(feed, nowhere),
      ]
      await subscribers[0]?.next()
      const ends = subscribers.map(async (subscriber) => {
        while ((await subscriber.next()) !== undefined);
      })
      await feed.stop()
      await Promise.all(ends)
      expect(feed.streams).toBe(0)
      expect(timers.pending).toBe(0)
    })
  })

  describe('onChange', () => {
    test('reports every change until it is stopped', async () => {
      const feed = await start()
      const received: Change[] = []
      const stop = feed.onChange((change) => received.push(change))
      const subscriber = new Subscriber(feed)
      await subscriber.take(1)
      await write(database, 1)
      await write(database, 2)
      await subscriber.take(2)
      stop()
      await write(database, 3)
      await subscriber.take(1)
      expect(received).toMatchObject([{ generation: 1 }, { generation: 2 }])
    })

    test('a listener that throws does not affect the others', async () => {
      const feed = await start()
      const received: Change[] = []
      feed.onChange(() => {
        throw new Error('mine')
      })
      feed.onChange((change) => received.push(change))
      const subscriber = new Subscriber(feed)
      await subscriber.take(1)
      await write(database, 1)
      await write(database, 2)
      expect(generations(await subscriber.take(2))).toEqual([1, 2])
      expect(received).toMatchObject([{ generation: 1 }, { generation: 2 }])
    })
  })

  test('old changes are deleted, newer ones kept', async () => {
    await writeMany(database, 5_001, 3 * day)
    await write(database, 1)
    const timers = new ManualTimers()
    await start({ after: timers.after, retentionMs: day })
    timers.advance(trimEveryMs)
    await until(async () => (await countChanges(database)) === 1)
    const left = await database.query<{ at: Date }>('select at from changes')
    expect(left).toHaveLength(1)
    expect(Date.now() - Number(left[0]?.at)).toBeLessThan(day)
  })

  test('one notification is sent for a transaction, however much it changes', async () => {
    const received: string[] = []
    const unlisten = await database.listen('keywell_changes', (payload) => received.push(payload))
    await database.transaction(connection.tenantId, async (sql) => {
      for (const generation of [1, 2, 3]) {
        await writeChange(sql, { kind: 'refreshed', connection: { ...connection, generation } })
      }
    })
    await database.query("select pg_notify('keywell_changes', 'end')")
    await until(() => received.includes('end'))
    expect(received).toEqual(['', 'end'])
    await unlisten()
  })
})

async function countChanges(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from changes',
  )
  return row?.count ?? 0
}
