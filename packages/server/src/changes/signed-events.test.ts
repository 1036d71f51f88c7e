import {
  isAfter,
  type Position,
  type StreamEvent as SignedEvent,
  streamEventSchema,
} from '@keywell/protocol'
import * as jose from 'jose'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import {
  connection,
  makeSigner,
  nowhere,
  type StreamEvent,
  Subscriber,
  until,
  upTo,
  write,
  writeMany,
} from './feed.test.support.ts'
import { type ChangeFeed, createChangeFeed } from './feed.ts'
import { maxHeldEntries, maxStretch } from './memory.ts'

describeEachDatabase('what the change feed signs', (makeDatabase) => {
  let database: TestDatabase
  let signer: Awaited<ReturnType<typeof makeSigner>>
  let feeds: ChangeFeed[] = []

  beforeAll(async () => {
    database = await makeDatabase()
  })
  beforeEach(async () => {
    signer = await makeSigner()
    await database.query('delete from changes')
  })
  afterEach(async () => {
    await Promise.all(feeds.map((feed) => feed.stop()))
    feeds = []
  })

  async function start(): Promise<ChangeFeed> {
    const feed = createChangeFeed({ database, signer, pollMs: 50 })
    feeds.push(feed)
    await feed.start()
    return feed
  }

  async function verified({ name, token }: StreamEvent): Promise<SignedEvent> {
    const { payload } = await jose.jwtVerify(token, signer.publicKey)
    const event = streamEventSchema.parse(payload)
    expect(event.event).toBe(name)
    return event
  }

  test('is every event, and its whole content', async () => {
    const subscriber = new Subscriber(await start(), nowhere, 'the-word-of-the-reader')
    const told = await subscriber.take(2)
    await write(database, 7)
    const events = await Promise.all([...told, ...(await subscriber.take(1))].map(verified))
    expect(events).toMatchObject([
      { event: 'hello', stream: 'the-word-of-the-reader', count: 0 },
      { event: 'flush', stream: 'the-word-of-the-reader', count: 1 },
      { event: 'change', change: { connectionId: connection.id, generation: 7 } },
    ])
    const hello = events[0]
    const at = hello?.event === 'hello' ? hello.at : 0
    expect(Math.abs(at - Date.now())).toBeLessThan(60_000)
  })

  test('is signed once, however many streams there are', async () => {
    const feed = await start()
    const subscribers = upTo(20).map(() => new Subscriber(feed))
    await Promise.all(subscribers.map((subscriber) => subscriber.take(1)))
    const before = signer.signed
    await writeMany(database, 5)
    const told = await Promise.all(subscribers.map((subscriber) => subscriber.take(5)))
    expect(signer.signed - before).toBe(5)
    expect(new Set(told.flat().map(({ token }) => token)).size).toBe(5)
  })

  test('is a chain without a gap, from memory and from the table', async () => {
    const first = await start()
    const [hello] = await new Subscriber(first).take(1)
    await first.stop()
    const count = maxHeldEntries + maxStretch
    await writeMany(database, count)

    const feed = await start() // its memory is empty: all of them come from the table
    const subscriber = new Subscriber(feed, hello?.id)
    const events = await subscriber.take(1 + count + 1)
    await write(database, count + 1)
    events.push(...(await subscriber.take(1)))
    expect(gapsIn(await Promise.all(events.map(verified)))).toEqual([])
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
      events.push(...(await subscriber.take(1))) // told again: old
    }
    expect(gapsIn(await Promise.all(events.map(verified)))).toEqual([])
  })
})

/** Events that say that something before them was not told, as a reader would find them. */
function gapsIn(events: readonly SignedEvent[]): SignedEvent[] {
  let told: Position | undefined
  return events.filter((event) => {
    const isOld = told !== undefined && !isAfter(event.position, told)
    const isGap = 'after' in event && told !== undefined && isAfter(event.after, told)
    if (!isOld) told = event.position
    return isGap && !isOld
  })
}
