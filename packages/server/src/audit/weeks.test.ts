/** The log by weeks: made ahead, dropped whole, and no way round what protects them. */
import { randomBytes } from 'node:crypto'
import { beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import { inspected, type TestDatabase } from '../../../../test/support/inspected.ts'
import { runStatement } from '../../../../test/support/migrated.ts'
import { withDatabase } from '../../../../test/support/postgres.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { migrate } from '../store/migrate.ts'
import { openPostgres } from '../store/postgres.ts'
import { everyTenant } from '../store/scope.ts'
import { type ChainStage, createChainStage } from './chain.test.support.ts'
import { createAuditRetention } from './retention.ts'

const dayMs = 86_400_000
const weekMs = 7 * dayMs

describeEachDatabase('the weeks of the audit log', (makeDatabase) => {
  let database: TestDatabase
  let stage: ChainStage
  let stages = 0
  let ids = 0
  /** Each test has an old week of its own, which begins then: 20 weeks ago, and further for each. */
  let monday: Date

  beforeAll(async () => {
    database = await makeDatabase()
  })
  beforeEach(async () => {
    stages += 1
    stage = await createChainStage({ database, tenantId: `org_${stages}`, makeId })
    monday = mondayBefore(Date.now() - (20 + 2 * stages) * weekMs)
  })

  const makeId = () => {
    ids += 1
    return `aud_${String(ids).padStart(6, '0')}`
  }
  const retention = (days = 90) => createAuditRetention({ database, keys: stage.keys, days })
  const makeWeek = (at: Date) => database.of(everyTenant).query('select audit_make_week($1)', [at])
  const drop = (week: string) =>
    database.of(everyTenant).query('select audit_drop_week($1)', [week])

  async function weeks(): Promise<string[]> {
    const rows = await database.query<{ week: string }>('select week from audit_weeks()')
    return rows.map(({ week }) => week)
  }

  /** Where linked entries of this tenant stand. */
  async function tables(): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select distinct tableoid::regclass::text as name from audit_chain where tenant_id = $1
       order by name`,
      [stage.tenantId],
    )
    return rows.map(({ name }) => name)
  }

  async function positions(): Promise<number[]> {
    const rows = await database.query<{ position: number }>(
      `select position::float8 as position from audit_chain where tenant_id = $1 order by position`,
      [stage.tenantId],
    )
    return rows.map(({ position }) => position)
  }

  verifies('T30:weeks', async () => {
    await retention().makeWeeks()
    const made = await weeks()
    await retention().makeWeeks()
    expect(await weeks()).toEqual(made)
    const coming = [0, 1, 2, 3, 4].map((ahead) => nameOf(new Date(Date.now() + ahead * weekMs)))
    expect(made).toEqual(expect.arrayContaining(coming))
    await stage.write(1)
    expect(await tables()).toEqual([`audit_chain_${coming[0]}`])
  })

  verifies.suite('T30:whole-weeks', () => {
    test('an old week goes as a table, and what stays is proved', async () => {
      await makeWeek(monday)
      await writeAt(stage, monday)
      await writeAt(stage, new Date(monday.getTime() + weekMs - 1))
      await stage.write(2)
      await stage.sign()
      expect(await tables()).toContain(`audit_chain_${nameOf(monday)}`)
      expect(await retention().trim()).toEqual({ weeks: [nameOf(monday)], entries: 0 })
      expect(await weeks()).not.toContain(nameOf(monday))
      expect(await positions()).toEqual([3, 4])
      expect(await stage.verify()).toMatchObject({ entries: 2, heads: 1, findings: [] })
    })

    test('a tenant without entries goes on behind its last position', async () => {
      await makeWeek(monday)
      await writeAt(stage, monday)
      await writeAt(stage, monday)
      await retention().trim()
      expect(await positions()).toEqual([])
      expect(await stage.verify()).toMatchObject({ entries: 0, findings: [] })
      await stage.write(1)
      expect(await positions()).toEqual([3])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('week after week', async () => {
      const next = new Date(monday.getTime() + weekMs)
      await makeWeek(monday)
      await makeWeek(next)
      await writeAt(stage, monday)
      await writeAt(stage, next)
      await stage.write(1)
      expect(await retention().trim()).toMatchObject({ weeks: [nameOf(monday), nameOf(next)] })
      expect(await positions()).toEqual([3])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('a week is kept until its end is old enough', async () => {
      await makeWeek(monday)
      await writeAt(stage, monday)
      const days = (Date.now() - monday.getTime()) / dayMs
      expect(await retention(days - 6).trim()).toMatchObject({ weeks: [] })
      expect(await positions()).toEqual([1])
      expect(await retention(days - 8).trim()).toMatchObject({ weeks: [nameOf(monday)] })
    })

    test('what was written late, across midnight on Sunday, takes nothing along', async () => {
      const next = new Date(monday.getTime() + weekMs)
      await makeWeek(monday)
      await makeWeek(next)
      await writeAt(stage, next)
      await writeAt(stage, new Date(next.getTime() - 1))
      await stage.write(1)
      await retention(age(next) - 1).trim()
      expect(await weeks()).not.toContain(nameOf(monday))
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
      await retention().trim()
      expect(await positions()).toEqual([3])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('a week waits for what stands in a chain before it, and is younger', async () => {
      const other = await createChainStage({ database, tenantId: 'org_other', makeId })
      await makeWeek(monday)
      await writeAt(stage, new Date(Date.now() - 10 * dayMs))
      await writeAt(stage, monday)
      await writeAt(other, monday)
      expect(await retention().trim()).toMatchObject({ weeks: [] })
      expect(await positions()).toEqual([1, 2])
      expect(await stage.verify()).toMatchObject({ entries: 2, findings: [] })
      expect(await other.verify()).toMatchObject({ entries: 0, findings: [] })
      const left = await database.query('select from audit where tenant_id = $1', ['org_other'])
      expect(left).toEqual([])
    })
  })

  verifies.suite('T30:clock-that-jumps', () => {
    test('what no week holds is written, linked, proved, and goes row by row', async () => {
      await writeAt(stage, new Date(Date.now() - 3_000 * dayMs))
      await writeAt(stage, new Date(Date.now() + 300 * dayMs))
      expect(await tables()).toEqual(['audit_chain_default'])
      // Nothing stands in the way of the weeks that it is not of.
      await makeWeek(new Date(Date.now() + 300 * dayMs))
      await retention().makeWeeks()
      expect(await weeks()).not.toContain(nameOf(new Date(Date.now() + 300 * dayMs)))
      expect(await stage.verify()).toMatchObject({ entries: 2, findings: [] })
      expect((await retention().trim()).entries).toBe(1)
      expect(await positions()).toEqual([2])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })
  })

  verifies.suite('T30:no-other-way', () => {
    test('no week goes that is young, unknown, or not cut behind', async () => {
      await makeWeek(monday)
      await writeAt(stage, monday)
      await expect(drop(nameOf(monday))).rejects.toThrow('no chain was cut behind')
      await expect(drop(nameOf(new Date()))).rejects.toThrow('younger than two days')
      for (const name of [
        'default',
        '2020w01',
        `chain_${nameOf(monday)}`,
        'x"; drop table audit; --',
      ]) {
        await expect(drop(name)).rejects.toThrow('no week of the log')
      }
      expect(await positions()).toEqual([1])
    })

    test('nor one with an entry that waits for its link', async () => {
      await makeWeek(monday)
      await writeAt(stage, monday, { isLinked: false })
      await expect(drop(nameOf(monday))).rejects.toThrow('no chain was cut behind')
      await stage.chainer.link()
      expect((await retention().trim()).weeks).toContain(nameOf(monday))
    })

    test('no week is made that is far away', async () => {
      for (const days of [-400, 400]) {
        await expect(makeWeek(new Date(Date.now() + days * dayMs))).rejects.toThrow('too far away')
      }
    })

    test('a week is append-only by itself, as the whole log is', async () => {
      await stage.write(1)
      for (const table of await tables()) {
        for (const statement of [
          `update ${table} set at = now()`,
          `delete from ${table}`,
          `truncate ${table}`,
        ]) {
          await expect(database.query(statement), statement).rejects.toThrow(
            'may only be appended to',
          )
        }
      }
      await expect(database.query('truncate audit_chain_default')).rejects.toThrow(
        'may only be appended to',
      )
    })

    test("the service's roles make, drop and change no week by themselves", async () => {
      const week = nameOf(new Date())
      for (const scope of [stage.tenantId, everyTenant] as const) {
        const sql = database.of(scope)
        for (const statement of [
          `drop table audit_chain_${week}`,
          `alter table audit_chain detach partition audit_chain_${week}`,
          `select from audit_chain_${week}`,
          `insert into audit_chain_${week} select * from audit_chain`,
        ]) {
          await expect(sql.query(statement), statement).rejects.toMatchObject({ code: '42501' })
        }
      }
      for (const call of ['audit_make_week(now())', `audit_drop_week('${week}')`]) {
        const asRequest = database.of(stage.tenantId).query(`select ${call}`)
        await expect(asRequest, call).rejects.toMatchObject({ code: '42501' })
      }
    })
  })
})

/** Row security binds it, though it owns the tables: what it did not see it would drop. */
verifies('T30:weeks-of-an-owner', async () => {
  const { database, remove } = await openOwned()
  await migrate(database)
  const monday = mondayBefore(Date.now() - 20 * weekMs)
  let ids = 0
  const makeId = () => {
    ids += 1
    return `aud_${ids}`
  }
  const stage = await createChainStage({ database, tenantId: 'org_1', makeId })
  const worker = database.of(everyTenant)
  const drop = () => worker.query('select audit_drop_week($1)', [nameOf(monday)])
  await worker.query('select audit_make_week($1)', [monday])
  await writeAt(stage, monday)
  await expect(drop()).rejects.toThrow('no chain was cut behind')
  const retention = createAuditRetention({ database, keys: stage.keys, days: 90 })
  await writeAt(stage, monday, { isLinked: false })
  await expect(retention.trim()).rejects.toThrow('entries without one')
  await stage.chainer.link()
  expect(await retention.trim()).toEqual({ weeks: [nameOf(monday)], entries: 0 })
  await stage.write(1)
  expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
  await remove()
})

interface Opened {
  database: TestDatabase
  remove(): Promise<void>
}

/** An empty database of a login of its own, which is no superuser: row security binds it. */
async function openOwned(): Promise<Opened> {
  const superuser = inject('postgresUrl')
  const name = `weeks_${randomBytes(4).toString('hex')}`
  await runStatement(superuser, `create role ${name} login noinherit`)
  await runStatement(superuser, `grant keywell_app, keywell_worker to ${name}`)
  await runStatement(superuser, `create database ${name} owner ${name}`)
  await runStatement(withDatabase(superuser, name), `grant create on schema public to ${name}`)
  const owner = await openPostgres({ url: withDatabase(superuser, name), poolSize: 1 })
  const database = await openPostgres({ url: withDatabase(superuser, name, name), poolSize: 2 })
  return {
    database: inspected(database, owner),
    async remove() {
      await database.close()
      await owner.close()
      await runStatement(superuser, `drop database ${name} with (force)`)
      await runStatement(superuser, `drop role ${name}`)
    },
  }
}

/** An entry of a tenant, linked by default, at a time of the past: the database's, so it is set back there. */
async function writeAt(stage: ChainStage, at: Date, { isLinked = true } = {}): Promise<void> {
  await stage.audit.commit(stage.entry())
  await stage.tamper('update audit_tail set at = $2 where tenant_id = $1', [stage.tenantId, at])
  if (isLinked) await stage.chainer.link()
}

const age = (date: Date) => (Date.now() - date.getTime()) / dayMs

function mondayBefore(ms: number): Date {
  const day = new Date(Math.floor(ms / dayMs) * dayMs)
  return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * dayMs)
}

/** By ISO 8601: the week is of the year that its Thursday is of. */
function nameOf(date: Date): string {
  const thursday = new Date(mondayBefore(date.getTime()).getTime() + 3 * dayMs)
  const year = thursday.getUTCFullYear()
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / weekMs)
  return `${year}w${String(week).padStart(2, '0')}`
}
