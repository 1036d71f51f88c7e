import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDatabase } from '../../../../test/support/databases.ts'
import { openCreated, type TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { PostgresListener } from './postgres-listener.ts'

/** A listener behind a pooler, its timers turned by hand, and a database beside it that notifies. */
async function listening() {
  const created = await createDatabase()
  const pooler = await startPooler(new URL(created.appUrl))
  const database = await openCreated(created, { poolSize: 1 })
  const timers = new ManualTimers()
  const errors: unknown[] = []
  const received: string[] = []
  const listener = new PostgresListener(pooler.url, (error) => errors.push(error), timers.after)
  onTestFinished(async () => {
    await listener.close()
    await database.close()
    pooler.close()
    await created.drop()
  })
  await listener.listen('a_channel', (payload) => received.push(payload))
  return { pooler, database, timers, errors, received }
}

async function notify(database: TestDatabase, payload: string): Promise<void> {
  await database.query("select pg_notify('a_channel', $1)", [payload])
}

test('a session that was made to forget its channels listens again at the next heartbeat', async () => {
  const { pooler, database, timers, errors, received } = await listening()
  await notify(database, 'before')
  await vi.waitFor(() => expect(received).toEqual(['before']))

  await pooler.inject('unlisten *')
  await notify(database, 'into the void')
  expect(errors).toEqual([])
  timers.advance(10_000)
  await vi.waitFor(() => expect(errors).toHaveLength(1))
  expect(String(errors[0])).toContain('no longer listened to a_channel')

  await notify(database, 'after')
  await vi.waitFor(() => expect(received).toEqual(['before', 'after']))
})

test('a heartbeat of a session that is well says nothing', async () => {
  const { database, timers, errors, received } = await listening()
  for (let beat = 1; beat <= 3; beat += 1) {
    timers.advance(10_000)
    await vi.waitFor(() => expect(timers.nextIn).toBe(10_000))
  }
  await notify(database, 'still')
  await vi.waitFor(() => expect(received).toEqual(['still']))
  expect(errors).toEqual([])
})

test('a session that the server ended is replaced', async () => {
  const { database, timers, errors, received } = await listening()
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await vi.waitFor(() => expect(timers.nextIn).toBe(500))
  timers.advance(500)
  await vi.waitFor(() => expect(timers.nextIn).toBe(10_000))
  await notify(database, 'again')
  await vi.waitFor(() => expect(received).toEqual(['again']))
  expect(errors).toEqual([])
})

/** Passes bytes both ways, and can say something of its own to the server, as poolers do. */
async function startPooler(target: URL) {
  const sockets: Socket[] = []
  let far: Socket | undefined
  let swallowed = { left: 0, done: () => {} }
  const server = createServer((near) => {
    far = connect(Number(target.port), target.hostname)
    sockets.push(near, far)
    near.pipe(far)
    far.on('data', (bytes) => {
      const mine = Math.min(bytes.length, swallowed.left)
      swallowed.left -= mine
      if (mine > 0 && swallowed.left === 0) swallowed.done()
      if (bytes.length > mine) near.write(bytes.subarray(mine))
    })
    for (const socket of [near, far]) socket.on('error', () => {})
    far.on('close', () => near.destroy())
    near.on('close', () => far?.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = new URL(target)
  url.port = String(address.port)
  return {
    url: url.href,
    /** Runs a statement on the session in between, and keeps the answer to itself. */
    async inject(statement: string): Promise<void> {
      const text = Buffer.from(`${statement}\0`)
      const head = Buffer.from([0x51, 0, 0, 0, 4 + text.length]) // Query, and its length
      // CommandComplete with "UNLISTEN", and ReadyForQuery.
      const answer = 1 + 4 + 'UNLISTEN\0'.length + 6
      const done = new Promise<void>((resolve) => {
        swallowed = { left: answer, done: resolve }
      })
      far?.write(Buffer.concat([head, text]))
      await done
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
