import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createDatabase } from '../../../../test/support/databases.ts'
import {
  inspected,
  openCreated,
  openOwner,
  type TestDatabase,
} from '../../../../test/support/inspected.ts'
import { type PostgresServer, startPostgres } from '../../../../test/support/postgres.ts'
import { DatabaseUnavailable } from './database.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { schemaOwner } from './scope.ts'

const tenantId = 'ten_a'
const timeouts = { timeout: 15_000, interval: 100 }

describe('a server that goes away', () => {
  let server: PostgresServer
  let database: TestDatabase
  const errors: unknown[] = []

  beforeAll(async () => {
    server = await startPostgres()
    const onError = (error: unknown) => errors.push(error)
    const owner = await openPostgres({ url: server.url, poolSize: 3, onError })
    await migrate(owner)
    database = inspected(owner, owner)
  })
  afterAll(async () => {
    await database.close()
    await server.stop()
  })

  async function worksAgain(): Promise<void> {
    const rows = await database.transaction(tenantId, (sql) => sql.query('select 1 as one'))
    expect(rows).toEqual([{ one: 1 }])
  }

  /** Ends every other connection, as an administrator or a failover would. */
  async function terminateBackends(): Promise<void> {
    const other = await openPostgres({ url: server.url, poolSize: 1 })
    await other
      .of(schemaOwner)
      .query(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'keywell' and pid <> pg_backend_pid()",
      )
    await other.close()
  }

  /** Resolves when so many statements of ours are running. */
  async function running(count: number): Promise<void> {
    const other = await openPostgres({ url: server.url, poolSize: 1 })
    await vi.waitFor(async () => {
      const rows = await other
        .of(schemaOwner)
        .query("select from pg_stat_activity where wait_event = 'PgSleep'")
      expect(rows).toHaveLength(count)
    }, timeouts)
    await other.close()
  }

  test('in the middle of statements and transactions', async () => {
    const sleep = 'select pg_sleep(9)'
    const attempts = Promise.allSettled([
      database.query(sleep),
      database.transaction(tenantId, (sql) => sql.query(sleep)),
      database.transaction(tenantId, async (sql) => {
        await sql.query(sleep).catch(() => {}) // and goes on as if nothing had been
        await sql.query('select 1')
      }),
    ])
    await running(3)
    await server.crash()
    for (const attempt of await attempts) {
      expect(attempt).toMatchObject({ reason: expect.any(DatabaseUnavailable) })
    }
    await expect(database.query('select 1')).rejects.toThrow(DatabaseUnavailable)
    await expect(database.transaction(tenantId, async () => {})).rejects.toThrow(
      DatabaseUnavailable,
    )
    await server.start()
    await worksAgain()
  })

  test('in the middle of a transaction, while no statement runs', async () => {
    const attempt = database.transaction(tenantId, async (sql) => {
      await sql.query('select 1')
      await terminateBackends()
      await sql.query('select 2').catch(() => {})
      await sql.query('select 3')
    })
    await expect(attempt).rejects.toThrow(DatabaseUnavailable)
    await worksAgain()
  })

  test('just before a commit', async () => {
    const attempt = database.transaction(tenantId, async (sql) => {
      await sql.query('select 1')
      await terminateBackends()
    })
    await expect(attempt).rejects.toThrow(DatabaseUnavailable)
    await worksAgain()
  })

  test('while no query runs', async () => {
    await worksAgain()
    await server.crash()
    await server.start()
    await worksAgain()
  })

  test('and a listener receives again once it is back', async () => {
    const received: string[] = []
    await database.listen('a_channel', (payload) => received.push(payload))
    await server.crash()
    await vi.waitFor(() => expect(errors).not.toEqual([]), timeouts)
    await server.start()
    await vi.waitFor(async () => {
      await database.query("select pg_notify('a_channel', 'again')")
      expect(received).toContain('again')
    }, timeouts)
  })

  test('before it was ever there: a refusal now, and success once it is', async () => {
    await server.crash()
    await expect(openPostgres({ url: server.url })).rejects.toThrow(DatabaseUnavailable)
    await server.start()
    const late = await openPostgres({ url: server.url })
    expect(await late.of(schemaOwner).query('select 1 as one')).toEqual([{ one: 1 }])
    await late.close()
  })
})

test('a server that is full is unavailable, and is asked again later', async () => {
  const created = await createDatabase()
  const owner = await openOwner(created.ownerUrl)
  const role = `small_${Date.now()}`
  await owner.query(`create role ${role} login connection limit 1`)
  const url = new URL(created.ownerUrl)
  url.username = role
  const database = await openPostgres({ url: url.href, poolSize: 2 })

  const sql = database.of(schemaOwner)
  const first = sql.query('select pg_sleep(0.5)')
  await expect(sql.query('select 1')).rejects.toThrow(DatabaseUnavailable)
  await first
  expect(await sql.query('select 1 as one')).toEqual([{ one: 1 }])

  await database.close()
  await vi.waitFor(() => owner.query(`drop role ${role}`), timeouts)
  await owner.close()
  await created.drop()
})

test('a statement that takes too long is unavailable, and its connection lives on', async () => {
  const created = await createDatabase()
  const database = await openCreated(created, { poolSize: 1 })
  const pid = () => database.of(tenantId).query('select pg_backend_pid()')
  const before = await pid()
  const slow = database.transaction(tenantId, async (sql) => {
    await sql.query("set local statement_timeout = '50ms'")
    await sql.query('select pg_sleep(5)')
  })
  await expect(slow).rejects.toThrow(DatabaseUnavailable)
  expect(await pid()).toEqual(before)
  await database.close()
  await created.drop()
})

test('a server that has gone silent is given up, and reached again by a new connection', async () => {
  const created = await createDatabase()
  const proxy = await startProxy(new URL(created.appUrl))
  const database = await openPostgres({ url: proxy.url, poolSize: 1 })

  proxy.silence()
  const sql = database.of(tenantId)
  await expect(sql.query('select 1')).rejects.toThrow('no answer')
  expect(await sql.query('select 1 as one')).toEqual([{ one: 1 }])

  await database.close()
  proxy.close()
  await created.drop()
}, 20_000)

test('a wrong name is not an outage', async () => {
  const created = await createDatabase()
  const url = `${created.appUrl}_not`
  const attempt = openPostgres({ url })
  await expect(attempt).rejects.toMatchObject({ code: '3D000' })
  await expect(attempt).rejects.not.toBeInstanceOf(DatabaseUnavailable)
  await created.drop()
})

/** Passes bytes both ways; after `silence()` the connections there are stay open, and carry nothing. */
async function startProxy(target: URL) {
  const sockets = new Set<Socket>()
  const proxy = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = new URL(target)
  url.port = String(address.port)
  return {
    url: url.href,
    silence: () => {
      for (const socket of sockets) socket.unpipe().resume()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}
