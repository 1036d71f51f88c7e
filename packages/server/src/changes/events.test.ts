import {
  type ChangeLogPage,
  changeSchema,
  isAfter,
  KeywellError,
  type Position,
  type StreamEvent as ReadEvent,
  streamEventSchema,
} from '@keywell/protocol'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { SwitchableDatabase } from '../store/switchable.test.support.ts'
import {
  connection,
  nowhere,
  type StreamEvent,
  Subscriber,
  until,
  upTo,
  write,
  writeMany,
} from './feed.test.support.ts'
import { type ChangeFeed, createChangeFeed } from './feed.ts'
import { maxHeldEntries, maxSegmentEntries } from './ring-buffer.ts'

describeEachDatabase('what the change feed sends', (makeDatabase) => {
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

  async function start(
    options: Partial<Parameters<typeof createChangeFeed>[0]> = {},
  ): Promise<ChangeFeed> {
    const feed = createChangeFeed({ database, pollMs: 50, ...options })
    feeds.push(feed)
    await feed.start()
    return feed
  }

  function read({ name, text }: StreamEvent): ReadEvent {
    const data: object = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '')
    return streamEventSchema.parse({ ...data, event: name })
  }

  test('is written once, however many streams there are', async () => {
    const feed = await start()
    const subscribers = upTo(20).map(() => new Subscriber(feed, nowhere))
    const begun = await Promise.all(subscribers.map((subscriber) => subscriber.take(2)))
    expect(begun.flat().map((event) => read(event).event)).toEqual(
      begun.flatMap(() => ['hello', 'flush']),
    )
    await writeMany(database, 5)
    const received = await Promise.all(subscribers.map((subscriber) => subscriber.take(5)))
    expect(new Set(received.flat().map(({ text }) => text)).size).toBe(5)
    expect(received[0]?.at(-1)?.data).toMatchObject({ connectionId: connection.id, generation: 5 })
  })

  test('is a chain without a gap, from memory and from the table', async () => {
    const first = await start()
    const [hello] = await new Subscriber(first).take(1)
    await first.stop()
    const count = maxHeldEntries + maxSegmentEntries
    await writeMany(database, count)

    const feed = await start() // its memory is empty: all of them come from the table
    const subscriber = new Subscriber(feed, hello?.id)
    const events = await subscriber.take(1 + count + 1)
    await write(database, count + 1)
    events.push(...(await subscriber.take(1)))
    expect(gapsIn(events.map(read))).toEqual([])
  })

  test('is a chain for a stream that moves to another replica', async () => {
    const [one, other] = [await start(), await start()]
    const subscriber = new Subscriber(one)
    const events = await subscriber.take(1)
    for (const generation of upTo(6)) {
      await write(database, generation)
      events.push(...(await subscriber.take(1)))
      const moved = new Subscriber(generation % 2 === 0 ? one : other, events.at(-1)?.id)
      await moved.take(1)
      await write(database, generation + 100)
      await until(async () => {
        const event = await moved.next()
        if (event !== undefined) events.push(event)
        return event?.name === 'change'
      })
      events.push(...(await subscriber.take(1))) // sent again: old
    }
    expect(gapsIn(events.map(read))).toEqual([])
  })

  verifies('T27:log-pages', async () => {
    const replicas = [await start(), await start()]
    const page = async (after?: string): Promise<ChangeLogPage> => {
      replicas.reverse()
      return (replicas[0] as ChangeFeed).page(after)
    }
    let { position } = await page()
    const received: number[] = []
    for (const generation of upTo(30)) {
      await write(database, generation)
      const writtenAtMs = performance.now()
      await until(async () => {
        const answer = await page(position)
        expect(answer.missed).toBe(false)
        const isOfNow = performance.now() - answer.ageMs > writtenAtMs
        for (const change of answer.changes) {
          const read = changeSchema.parse(change)
          if ('generation' in read) received.push(read.generation)
        }
        position = answer.position
        // Whatever an answer says of a time after this write, this write is in it, from every replica.
        if (isOfNow) expect(received).toContain(generation)
        return isOfNow
      })
    }
    expect(received).toEqual(upTo(30))
  })

  test('a page that asks for a position that was never sent has missed something', async () => {
    const feed = await start()
    const { position } = await feed.page(undefined)
    expect(await feed.page('nonsense')).toMatchObject({ missed: true, changes: [] })
    expect(await feed.page(position)).toMatchObject({ missed: false, changes: [] })
  })

  test('a page of a machine that was suspended is as old as the wall clock says', async () => {
    const pause = { ms: 0 }
    const feed = await start({ pollMs: 60_000, wall: () => Date.now() + pause.ms })
    await until(async () => (await feed.page(undefined)).ageMs < 60_000)
    pause.ms = 600_000 // which the monotonic clock has not seen
    expect((await feed.page(undefined)).ageMs).toBeGreaterThanOrEqual(600_000)
  })

  test('pages are bounded, and go on where the last one ended', async () => {
    const feed = await start()
    let { position } = await feed.page(undefined)
    const count = 2 * maxSegmentEntries + 7
    await writeMany(database, count)
    const received: string[] = []
    await until(async () => {
      const page = await feed.page(position)
      expect(page.changes.length).toBeLessThanOrEqual(maxSegmentEntries)
      received.push(...page.changes.map((change) => changeSchema.parse(change).position))
      position = page.position
      return page.isComplete && received.length >= count
    })
    expect(new Set(received).size).toBe(count)
    expect(received).toHaveLength(count)
  })

  test('no page is given while the log cannot be read', async () => {
    const away = new SwitchableDatabase(database)
    const feed = await start({ database: away })
    const { position } = await feed.page(undefined)
    away.away = true
    await until(async () => {
      const answer = await feed.page(position).catch((error: unknown) => error)
      return answer instanceof KeywellError && answer.code === 'unavailable'
    })
  })
})

/** Events that say that something before them was not sent, as a reader would find them. */
function gapsIn(events: readonly ReadEvent[]): ReadEvent[] {
  let last: Position | undefined
  return events.filter((event) => {
    const isOld = last !== undefined && !isAfter(event.position, last)
    const isGap = 'after' in event && last !== undefined && isAfter(event.after, last)
    if (!isOld) last = event.position
    return isGap && !isOld
  })
}
