import { expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { silentLogger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import type { Access } from './access.ts'
import { KeyStreams, recheckMs, trustMs } from './key-streams.ts'

const access: Access = {
  id: 'key_a',
  roles: ['backend'],
  tenants: null,
  providers: null,
  origins: null,
  expiresAt: null,
}

/** Streams over keys that the test gives and takes. */
async function begin() {
  const timers = new ManualTimers()
  let notify = () => {}
  const database = {
    async listen(_: string, listener: (payload: string) => void) {
      notify = () => listener('')
      return async () => {}
    },
  } satisfies Pick<Database, 'listen'>
  const keys = {
    lookUps: [] as (readonly string[])[],
    live: new Map([[access.id, access]]),
    isAway: false,
    async current(ids: readonly string[]) {
      keys.lookUps.push(ids)
      if (keys.isAway) throw new Error('away')
      return new Map(keys.live)
    },
    forget() {},
  }
  const { after, now } = timers
  const streams = new KeyStreams({ database, keys, logger: silentLogger, after, now })
  await streams.start()
  return { timers, keys, streams, notify: () => notify() }
}

/** A body that always has something more to say. */
async function* endless(): AsyncGenerator<string, void> {
  for (;;) yield 'more'
}

/** Everything has run that waits for nothing but its turn. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What a read came to, or `waiting`. */
async function stateOf(reading: Promise<{ done: boolean }>): Promise<string> {
  const turn = settled().then(() => 'waiting')
  const read = reading.then(({ done }) => (done ? 'over' : 'open')).catch(() => 'broken')
  return Promise.race([read, turn])
}

verifies('T29:streams-checked-together', async () => {
  const { timers, keys, streams } = await begin()
  const open = Array.from({ length: 300 }, () =>
    streams.hold(access, endless, { atEnd: 'close' }).getReader(),
  )
  // A stream that is not read is not open.
  expect(timers.pending).toBe(0)
  const reads = open.map((reader) => reader.read())
  await settled()
  timers.advance(recheckMs)
  await Promise.all(reads)
  await settled()
  const before = keys.lookUps.length
  for (let checks = 0; checks < 5; checks += 1) {
    timers.advance(recheckMs)
    await settled()
  }
  expect(keys.lookUps.length - before).toBe(5)
  expect(keys.lookUps.every((ids) => ids.length === 1)).toBe(true)
  for (const reader of open) await reader.cancel()
  // Where no stream is open, no key is looked up.
  timers.advance(2 * recheckMs)
  await settled()
  expect(timers.pending).toBe(0)
})

test('a key that has ended is noticed without a notification within two seconds, and at once with one', async () => {
  expect(recheckMs).toBeLessThan(trustMs)
  expect(trustMs).toBeLessThanOrEqual(2_000)
  for (const isNotified of [false, true]) {
    const { timers, keys, streams, notify } = await begin()
    const events = streams.hold(access, endless, { atEnd: 'close' }).getReader()
    const lines = streams.hold(access, endless, { atEnd: 'break' }).getReader()
    const reads = [events.read(), lines.read()]
    await settled()
    timers.advance(10)
    await Promise.all(reads)
    keys.live.clear()
    if (isNotified) notify()
    timers.advance(isNotified ? 10 : recheckMs)
    await settled()
    expect(await stateOf(events.read())).toBe('over')
    // An end would say that this is all.
    expect(await stateOf(lines.read())).toBe('broken')
  }
})

verifies('T29:streams-unchecked', async () => {
  const { timers, keys, streams } = await begin()
  const first = streams.hold(access, endless, { atEnd: 'close' }).getReader()
  const read = first.read()
  expect(await stateOf(read)).toBe('waiting')
  timers.advance(10)
  expect(await stateOf(read)).toBe('open')
  keys.isAway = true
  timers.advance(trustMs)
  await settled()
  timers.advance(1)
  const held = first.read()
  expect(await stateOf(held)).toBe('waiting')
  keys.isAway = false
  timers.advance(recheckMs)
  expect(await stateOf(held)).toBe('open')
})

test('a client that goes away leaves nothing behind, and gives its place back once', async () => {
  const { timers, streams } = await begin()
  let left = 0
  let ended: AbortSignal | undefined
  const leave = () => {
    left += 1
  }
  async function* source(signal: AbortSignal): AsyncGenerator<string, void> {
    ended = signal
    yield* endless()
  }
  const reader = streams.hold(access, source, { atEnd: 'close', leave }).getReader()
  const first = reader.read()
  await settled()
  timers.advance(10)
  await first
  await reader.cancel()
  expect(ended?.aborted).toBe(true)
  expect(left).toBe(1)
  timers.advance(2 * recheckMs)
  await settled()
  expect(timers.pending).toBe(0)
})
