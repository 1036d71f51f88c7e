import { changeSchema, parsePosition } from '@keywell/protocol'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import type { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { withInstallation } from '../store/scope.ts'
import { type ChangedConnection, writeChange } from './changes.ts'
import type { ChangeFeed } from './feed.ts'
import { wakeUpDelayMs } from './reader.ts'

/** One event of a stream. */
export interface StreamEvent {
  name: string
  id: string | undefined
  /** As it was sent. */
  text: string
  /** What it says; of a change, the change. */
  data: unknown
}

/** Reads a stream as a client would: text in any pieces, events between blank lines. */
export class Subscriber {
  readonly #stream: AsyncGenerator<string, void>
  readonly #abort = new AbortController()
  #text = ''

  constructor(feed: ChangeFeed, lastEventId?: string) {
    this.#stream = feed.stream({ lastEventId, signal: this.#abort.signal })
  }

  /** The next event; undefined when the stream has ended. */
  async next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return parse(block)
      }
      const { value, done } = await this.#stream.next()
      if (done) return undefined
      this.#text += value
    }
  }

  /** The next so many events. */
  async take(count: number): Promise<StreamEvent[]> {
    const events: StreamEvent[] = []
    while (events.length < count) {
      const event = await this.next()
      if (event === undefined) throw new Error(`the stream ended after ${events.length} events`)
      events.push(event)
    }
    return events
  }

  /** As when the request's signal aborts. */
  abort(): void {
    this.#abort.abort()
  }

  /** As when the reader of the stream goes away. */
  async cancel(): Promise<void> {
    this.#abort.abort()
    await this.#stream.return()
  }
}

function parse(block: string): StreamEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ')
      return [line.slice(0, colon), line.slice(colon + 2)]
    }),
  )
  const data = JSON.parse(fields.get('data') ?? '')
  return {
    name: fields.get('event') ?? 'message',
    id: fields.get('id'),
    text: block,
    data: data.change ?? data,
  }
}

/** A position that no database of a test has reached. */
export const nowhere = '18446744073709551615.0.0'

export const connection: ChangedConnection = {
  tenantId: 'org_acme',
  id: 'con_01K0000000000000000000000A',
  userId: 'user_123',
  provider: 'gitlab',
  host: 'https://gitlab.com',
  name: 'default',
  generation: 1,
  status: 'active',
  reason: null,
  health: 'ok',
  healthReason: null,
  account: { id: '42', name: 'Ada', username: 'ada', avatarUrl: null },
}

/** Writes one change in a transaction of its own. */
export async function write(
  database: TestDatabase,
  generation: number,
  change: Partial<ChangedConnection> = {},
): Promise<void> {
  const changed = { ...connection, ...change, generation }
  await database.transaction(withInstallation(changed.tenantId), (sql) =>
    writeChange(sql, { kind: 'refreshed', connection: changed }),
  )
}

/** Writes many at once, each in the order of its generation, from 1 up. */
export async function writeMany(database: TestDatabase, count: number, ageMs = 0): Promise<void> {
  await database.query(
    `insert into changes
       (tenant_id, kind, connection_id, user_id, provider, host, name, generation, at)
     select $1, 'refreshed', $2, $3, $4, $5, $6, generation, now() - $7 * interval '1 millisecond'
     from generate_series(1, $8::int) as generation order by generation`,
    [
      connection.tenantId,
      connection.id,
      connection.userId,
      connection.provider,
      connection.host,
      connection.name,
      ageMs,
      count,
    ],
  )
}

/** Resolves when the feed has polled once more: it must, to know that a position is nowhere. */
export async function polled(feed: ChangeFeed): Promise<void> {
  const subscriber = new Subscriber(feed, nowhere)
  await subscriber.take(2)
  subscriber.abort()
}

/**
 * Resolves when the feed has read everything that is committed. One poll is not enough: a transaction that is
 * open in another database of the same server holds changes back too.
 */
export async function caughtUp(feed: ChangeFeed, database: TestDatabase): Promise<void> {
  const [now] = await database.query<{ xid: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as xid',
  )
  const end = BigInt(now?.xid ?? 0)
  await until(async () => {
    const read = parsePosition((await feed.page(undefined)).position)
    return read !== undefined && read.xid >= end
  })
}

/** Lets time pass, and one poll more; the time that a poll needs passes as well. */
export async function advance(timers: ManualTimers, feed: ChangeFeed, ms: number): Promise<void> {
  timers.advance(ms)
  const done = polled(feed)
  while (await isPending(done)) if (timers.nextIn <= wakeUpDelayMs) timers.advance(wakeUpDelayMs)
}

/** Whether it is still waiting after everything has run that waits for nothing but its turn. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<true>((resolve) => setImmediate(() => resolve(true)))
  return Promise.race([promise.then(() => false), turn])
}

/** Looks again and again; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2))
}

export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

/** The generations of the changes among some events. */
export function generations(
  events: StreamEvent | undefined | readonly (StreamEvent | undefined)[],
): number[] {
  return [events].flat().flatMap((event) => {
    const change = changeSchema.safeParse(event?.data)
    return change.success && 'generation' in change.data ? [change.data.generation] : []
  })
}
