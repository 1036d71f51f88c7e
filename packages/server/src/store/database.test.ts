import fc from 'fast-check'
import { beforeAll, expect, test, vi } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { DatabaseUnavailable, type Parameter, type Sql, UniqueViolation } from './database.ts'
import { everyTenant, type Scope, schemaOwner } from './scope.ts'

const tenantId = 'ten_a'

describeEachDatabase('database', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  async function addSession(id: string, sql: Sql = database.of(tenantId)): Promise<void> {
    await sql.query(
      `insert into connect_sessions (tenant_id, id, user_id, policy, expires_at, mac, pepper_version)
       values ($1, $2, 'usr_a', $3::jsonb, now(), '', 1)`,
      [tenantId, id, '{"scopes":["api"]}'],
    )
  }

  async function hasSession(id: string): Promise<boolean> {
    const rows = await database.query(
      'select id from connect_sessions where tenant_id = $1 and id = $2',
      [tenantId, id],
    )
    return rows.length === 1
  }

  /** The role that a statement runs as, and the tenants it runs for. */
  async function scopeOf(
    sql: Sql,
  ): Promise<{ role: string; tenants: string[] | null } | undefined> {
    const [row] = await sql.query<{ role: string; tenants: string[] | null }>(
      `select current_user::text as role,
         nullif(current_setting('app.tenants', true), '')::text[] as tenants`,
    )
    return row
  }

  const at = new Date('2026-03-01T12:34:56.789Z')
  const roundTrips: [type: string, given: Parameter, back: unknown][] = [
    ['text', 'naïve "quoted" \\ \u{1f511}', 'naïve "quoted" \\ \u{1f511}'],
    ['text', '', ''],
    ['text', null, null],
    ['int', -7, -7],
    ['bigint', 9_007_199_254_740_993n, '9007199254740993'],
    ['bigint', 5, '5'],
    ['xid8', '18446744073709551615', '18446744073709551615'],
    ['boolean', true, true],
    ['boolean', false, false],
    ['timestamptz', at, at],
    ['timestamptz', '2026-03-01T13:34:56.789+01:00', at],
    ['uuid', '6f1c2ea0-0f5b-4f6e-9d53-5d3a52a0c001', '6f1c2ea0-0f5b-4f6e-9d53-5d3a52a0c001'],
    ['bytea', Uint8Array.of(0, 1, 92, 255), Uint8Array.of(0, 1, 92, 255)],
    ['bytea', Buffer.from('abc'), Uint8Array.of(97, 98, 99)],
    ['bytea', new Uint8Array(), new Uint8Array()],
    ['jsonb', '{"a":[1,"two",null]}', { a: [1, 'two', null] }],
    ['jsonb', '"text"', 'text'],
    ['jsonb', 'null', null],
    ['text[]', ['a', 'b c', ''], ['a', 'b c', '']],
    ['text[]', [], []],
  ]

  for (const [type, given, back] of roundTrips) {
    test(`${type} comes back as promised: ${JSON.stringify(back)}`, async () => {
      const [row] = await database.of(tenantId).query(`select $1::${type} as value`, [given])
      expect(row).toStrictEqual({ value: back })
    })
  }

  test('any text in an array comes back as it was', async () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'))
    const tricky = fc.constantFrom('NULL', '{}', '"', '\\', ',', ' ', '\n')
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(text, tricky)), async (values) => {
        const [row] = await database.of(tenantId).query('select $1::text[] as value', [values])
        expect(row).toStrictEqual({ value: values })
      }),
      { numRuns: 50 },
    )
  })

  test('what is bound is never read as SQL', async () => {
    const [row] = await database
      .of(tenantId)
      .query('select $1::text as value', ["'; drop table audit; --"])
    expect(row).toEqual({ value: "'; drop table audit; --" })
  })

  test('text without parameters may hold several statements, and the last one answers', async () => {
    expect(await database.of(tenantId).query('select 1 as one; select 2 as two')).toEqual([
      { two: 2 },
    ])
    expect(
      await database.of(tenantId).query('select 1 as one where false; select 2 as two'),
    ).toEqual([{ two: 2 }])
    expect(
      await database.of(tenantId).query('select 2 as two; select 1 as one where false'),
    ).toEqual([])
  })

  test('a transaction commits what it did, and gives its result', async () => {
    const result = await database.transaction(tenantId, async (sql) => {
      await addSession('ses_commit', sql)
      return ['a result', 'that is an array']
    })
    expect(result).toEqual(['a result', 'that is an array'])
    expect(await hasSession('ses_commit')).toBe(true)
  })

  test('a transaction that throws leaves nothing, and passes the error on', async () => {
    const error = new Error('changed my mind')
    const attempt = database.transaction(tenantId, async (sql) => {
      await addSession('ses_rollback', sql)
      throw error
    })
    await expect(attempt).rejects.toBe(error)
    expect(await hasSession('ses_rollback')).toBe(false)
  })

  test('a transaction does not commit after a failed statement, even one that was swallowed', async () => {
    const attempt = database.transaction(tenantId, async (sql) => {
      await addSession('ses_swallowed', sql)
      await sql.query('select 1 / 0').catch(() => {})
    })
    await expect(attempt).rejects.toThrow('division by zero')
    expect(await hasSession('ses_swallowed')).toBe(false)
  })

  test('a transaction waits for a statement that was not awaited', async () => {
    await database.transaction(tenantId, async (sql) => {
      void addSession('ses_floating', sql)
    })
    expect(await hasSession('ses_floating')).toBe(true)
  })

  test('a transaction takes no statement after its end', async () => {
    const escaped = await database.transaction(tenantId, async (sql) => ({ sql }))
    await expect(escaped.sql.query('select 1')).rejects.toThrow(TypeError)
  })

  const odd = [`ten_'; --`, 'ten_{"a"}', 'ten_a,ten_b', 'ten_\\', 'NULL', ' ']
  const scopes: [scope: Scope, role: string, tenants: string[]][] = [
    [tenantId, 'keywell_app', [tenantId]],
    [[tenantId, '@install'], 'keywell_app', [tenantId, '@install']],
    [[], 'keywell_app', []],
    [odd, 'keywell_app', odd],
    [everyTenant, 'keywell_worker', []],
  ]
  test.each(scopes)(
    'a scope is of a statement or a transaction, and of no other: %o',
    async (scope, role, tenants) => {
      expect(await scopeOf(database.of(scope))).toEqual({ role, tenants })
      expect(await database.transaction(scope, scopeOf)).toEqual({ role, tenants })
      const [after] = await database
        .of(schemaOwner)
        .query<{ same: boolean }>('select current_user = session_user as same')
      expect(after).toEqual({ same: true })
      expect((await scopeOf(database.of(schemaOwner)))?.tenants).toBeNull()
    },
  )

  test('a tenant that cannot be set does no harm to those after it', async () => {
    await expect(scopeOf(database.of('ten_\0'))).rejects.toThrow()
    await expect(database.transaction('ten_\0', scopeOf)).rejects.toThrow()
    await addSession('ses_after_bad_tenant')
    expect(await hasSession('ses_after_bad_tenant')).toBe(true)
  })

  test('what is asked beside a transaction does not end up in it', async () => {
    let beside: Promise<void> | undefined
    const attempt = database.transaction(tenantId, async (sql) => {
      await addSession('ses_inside', sql)
      beside = addSession('ses_beside')
      await sql.query('select 1')
      throw new Error('roll back')
    })
    await expect(attempt).rejects.toThrow('roll back')
    await beside
    expect(await hasSession('ses_inside')).toBe(false)
    expect(await hasSession('ses_beside')).toBe(true)
  })

  test('parallel transactions do not lose an update', async () => {
    await database.query(
      `insert into integrations (tenant_id, id, provider, method, host, scopes, revision)
       values ($1, 'int_a', 'gitlab', 'oauth', 'https://gitlab.com', $2, 0)`,
      [tenantId, ['api']],
    )
    const addOne = () =>
      database.transaction(tenantId, async (sql) => {
        const [row] = await sql.query<{ revision: number }>(
          "select revision from integrations where tenant_id = $1 and id = 'int_a' for update",
          [tenantId],
        )
        await sql.query(
          "update integrations set revision = $2 where tenant_id = $1 and id = 'int_a'",
          [tenantId, (row?.revision ?? 0) + 1],
        )
      })
    await Promise.all(Array.from({ length: 30 }, addOne))
    const [row] = await database.query('select revision from integrations where tenant_id = $1', [
      tenantId,
    ])
    expect(row).toEqual({ revision: 30 })
  })

  test('a row that exists already is a UniqueViolation, and names the constraint', async () => {
    await addSession('ses_twice')
    const again = addSession('ses_twice')
    await expect(again).rejects.toThrow(UniqueViolation)
    await expect(again).rejects.toThrow('connect_sessions_pkey')
    const inTransaction = database.transaction(tenantId, (sql) => addSession('ses_twice', sql))
    await expect(inTransaction).rejects.toThrow(UniqueViolation)
  })

  test('another answer of Postgres keeps its SQLSTATE', async () => {
    await expect(database.of(tenantId).query('select * from nowhere')).rejects.toMatchObject({
      code: '42P01',
    })
    await expect(database.of(tenantId).query('select $1::int', ['x'])).rejects.toMatchObject({
      code: '22P02',
    })
    expect(await database.of(tenantId).query('select 1 as one')).toEqual([{ one: 1 }])
  })

  test('a listener receives what is committed, until it stops', async () => {
    const received: string[] = []
    const control: string[] = []
    const channel = 'a "channel"'
    const stop = await database.listen(channel, (payload) => received.push(payload))
    await database.listen(channel, (payload) => control.push(payload))
    const notify = (payload: string, sql: Sql = database.of(tenantId)) =>
      sql.query('select pg_notify($1, $2)', [channel, payload])

    const rolledBack = database.transaction(tenantId, async (sql) => {
      await notify('rolled back', sql)
      throw new Error('roll back')
    })
    await expect(rolledBack).rejects.toThrow('roll back')
    await database.transaction(tenantId, (sql) => notify('first', sql))
    await vi.waitFor(() => expect(received).toEqual(['first']))

    await stop()
    await notify('second')
    await vi.waitFor(() => expect(control).toEqual(['first', 'second']))
    expect(received).toEqual(['first'])
  })

  test('after close every statement fails', async () => {
    const own = await makeDatabase()
    await own.close()
    await expect(own.of(tenantId).query('select 1')).rejects.toThrow(DatabaseUnavailable)
    await expect(own.transaction(tenantId, scopeOf)).rejects.toThrow(DatabaseUnavailable)
    await own.close() // again does no harm
  })
})
