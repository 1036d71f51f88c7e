import { KeywellError } from '@keywell/protocol'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { schemaOwner } from '../store/scope.ts'
import { SwitchableDatabase } from '../store/switchable.test.support.ts'
import { type Audit, type AuditEntry, createAudit } from './audit.ts'
import { FixedAuditKeys } from './keys.test.support.ts'

/** No text of Postgres holds it. */
const unwritable = '\u0000'

describeEachDatabase('audit', (makeDatabase) => {
  let database: SwitchableDatabase
  let audit: Audit
  let nextId = 0
  /** A tenant of its own for each test: what is in the log stays there. */
  let tests = 0
  let tenantId: string
  let entry: AuditEntry

  beforeAll(async () => {
    database = new SwitchableDatabase(await makeDatabase())
  })
  beforeEach(async () => {
    nextId = 0
    tests += 1
    tenantId = `org_acme_${tests}`
    entry = { tenantId, actor: 'key:key_1', action: 'credential.read', result: 'ok' }
    // Without time there is no second insert beside the first, so that groups can be counted.
    audit = createAudit({
      database,
      keys: new FixedAuditKeys(),
      makeId: () => `aud_${nextId++}`,
      after: new ManualTimers().after,
    })
  })

  describe('write', () => {
    test('records everything, at the time of the database', async () => {
      await audit.write(database, {
        ...entry,
        userId: 'user_1',
        connectionId: 'con_1',
        generation: 3,
        result: 'denied',
        reason: 'scope',
        requestId: 'req_1',
      })
      const [row] = await database.query<{ age: number }>(
        'select *, extract(epoch from now() - at)::float8 as age from audit where tenant_id = $1',
        [tenantId],
      )
      expect(row).toMatchObject({
        tenant_id: tenantId,
        id: 'aud_0',
        actor: 'key:key_1',
        action: 'credential.read',
        user_id: 'user_1',
        connection_id: 'con_1',
        generation: 3,
        result: 'denied',
        reason: 'scope',
        request_id: 'req_1',
      })
      expect(Math.abs(row?.age ?? Number.NaN)).toBeLessThan(60)
    })

    test('leaves out what is not known', async () => {
      await audit.write(database, { ...entry, userId: undefined })
      expect(
        await database.query('select * from audit where tenant_id = $1', [tenantId]),
      ).toMatchObject([
        { user_id: null, connection_id: null, generation: null, reason: null, request_id: null },
      ])
    })

    test('keeps any text as it is', async () => {
      const odd = `'; drop table audit; --"\\n\n{}[]🔑\u2028`
      await audit.write(database, { ...entry, tenantId: odd })
      expect(
        await database.query('select tenant_id from audit where tenant_id = $1', [odd]),
      ).toEqual([{ tenant_id: odd }])
    })

    test('is there with the act, and gone without it', async () => {
      await database.transaction(tenantId, (sql) => audit.write(sql, entry))
      const refused = database.transaction(tenantId, async (sql) => {
        await audit.write(sql, { ...entry, action: 'connection.disconnect' })
        throw new Error('no')
      })
      await expect(refused).rejects.toThrow('no')
      expect(
        await database.query('select action from audit where tenant_id = $1', [tenantId]),
      ).toEqual([{ action: 'credential.read' }])
    })

    test('that fails takes the act with it', async () => {
      const act = database.transaction(tenantId, async (sql) => {
        await audit.write(sql, entry)
        await audit.write(sql, { ...entry, reason: unwritable })
      })
      await expect(act).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 })
      expect(await count(database, tenantId)).toBe(0)
    })
  })

  describe('commit', () => {
    test('resolves when the row is committed', async () => {
      await audit.commit({ ...entry, generation: 7 })
      expect(
        await database.query('select id, generation from audit where tenant_id = $1', [tenantId]),
      ).toEqual([{ id: 'aud_0', generation: 7 }])
    })

    test('of many callers and tenants shares a commit, and writes each once', async () => {
      const written: Promise<void>[] = []
      await database.owner.transaction(schemaOwner, async (sql) => {
        await sql.query('lock table audit_tail in exclusive mode')
        for (let index = 0; index < 200; index += 1) {
          written.push(audit.commit({ ...entry, tenantId: `org_many_${index % 7}` }))
        }
      })
      await Promise.all(written)
      // Rows of one statement carry the same transaction. The first had gone ahead alone.
      const [counted] = await database.query(
        `select count(*)::int as rows, count(distinct tenant_id)::int as tenants,
           count(distinct xmin::text)::int as commits
         from audit_tail where tenant_id like 'org_many_%'`,
      )
      expect(counted).toEqual({ rows: 200, tenants: 7, commits: 2 })
    })

    test('that cannot be written is unavailable, with every entry of its group and no other', async () => {
      let before: Promise<void> | undefined
      let group: Promise<PromiseSettledResult<void>[]> | undefined
      await database.owner.transaction(schemaOwner, async (sql) => {
        await sql.query('lock table audit_tail in exclusive mode')
        before = audit.commit(entry)
        const innocent = audit.commit(entry)
        group = Promise.allSettled([innocent, audit.commit({ ...entry, reason: unwritable })])
      })
      await before
      const reasons = (await group)?.map((one) => one.status === 'rejected' && one.reason)
      expect(reasons).toHaveLength(2)
      for (const reason of reasons ?? []) {
        expect(reason).toBeInstanceOf(KeywellError)
        expect(reason).toMatchObject({ code: 'unavailable', cause: expect.any(Error) })
      }
      await audit.commit(entry)
      expect(
        await database.query('select id from audit where tenant_id = $1 order by id', [tenantId]),
      ).toEqual([{ id: 'aud_0' }, { id: 'aud_3' }])
    })

    test('is refused while the database is away, and works again by itself', async () => {
      database.away = true
      const refused = await Promise.allSettled([audit.commit(entry), audit.commit(entry)])
      for (const one of refused) {
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } })
      }
      database.away = false
      await audit.commit(entry)
      expect(await count(database, tenantId)).toBe(1)
    })

    test('says nothing of the entry in its error', async () => {
      database.away = true
      const error: unknown = await audit.commit(entry).catch((reason: unknown) => reason)
      database.away = false
      expect(String(error)).not.toContain('org_acme')
    })
  })

  test('what is recorded and cannot be written holds up no hand-out', async () => {
    const written: Promise<void>[] = []
    let recorded: Promise<unknown> | undefined
    await database.owner.transaction(schemaOwner, async (sql) => {
      await sql.query('lock table audit_tail in exclusive mode')
      written.push(audit.commit(entry))
      recorded = audit.record({ ...entry, reason: unwritable }).catch((reason: unknown) => reason)
      written.push(audit.commit(entry))
    })
    await Promise.all(written)
    expect(await recorded).toBeInstanceOf(Error)
    await audit.record(entry)
    expect(await count(database, tenantId)).toBe(3)
  })

  test('close waits for what is on its way, and takes no more', async () => {
    const written = [audit.commit(entry), audit.commit(entry), audit.commit(entry)]
    await audit.close()
    expect(await count(database, tenantId)).toBe(3)
    await Promise.all(written)
    await expect(audit.commit(entry)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await count(database, tenantId)).toBe(3)
  })
})

async function count(database: TestDatabase, tenantId: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from audit where tenant_id = $1',
    [tenantId],
  )
  return row?.count ?? 0
}
