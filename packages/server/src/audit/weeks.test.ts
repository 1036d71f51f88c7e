/** The log by weeks: made ahead, dropped whole, and no way round what protects them. */
import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createDatabase,
  describeEachDatabase,
  openAsOwner,
} from '../../../../test/support/databases.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import type { Database } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { openPglite } from '../store/pglite.ts'
import { openPostgres } from '../store/postgres.ts'
import { type ChainStage, createChainStage } from './chain.test.support.ts'
import { createAuditRetention } from './retention.ts'

const dayMs = 86_400_000
const weekMs = 7 * dayMs

describeEachDatabase('the weeks of the audit log', (makeDatabase) => {
  let database: Database
  let owner: Database
  let closeOwner: () => Promise<void>
  let stage: ChainStage
  let stages = 0
  let ids = 0
  /** Each test has an old week of its own, which begins then: 20 weeks ago, and further for each. */
  let monday: Date

  beforeAll(async () => {
    database = await makeDatabase()
    const opened = await openAsOwner(database)
    owner = opened.owner
    closeOwner = opened.close
  })
  afterAll(() => closeOwner())
  beforeEach(async () => {
    stages += 1
    stage = await createChainStage({ database, owner, tenantId: `org_${stages}`, makeId })
    monday = mondayBefore(Date.now() - (20 + 2 * stages) * weekMs)
  })

  const makeId = () => {
    ids += 1
    return `aud_${String(ids).padStart(6, '0')}`
  }
  const retention = (days = 90) => createAuditRetention({ database, keys: stage.keys, days })
  const makeWeek = (at: Date) => database.query('select audit_make_week($1)', [at])
  const drop = (week: string) => database.query('select audit_drop_week($1)', [week])

  async function weeks(): Promise<string[]> {
    const rows = await database.query<{ week: string }>('select week from audit_weeks()')
    return rows.map(({ week }) => week)
  }

  /** Where entries and links of this tenant stand. */
  async function tables(): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select tableoid::regclass::text as name from audit where tenant_id = $1
       union select tableoid::regclass::text from audit_links where tenant_id = $1 order by name`,
      [stage.tenantId],
    )
    return rows.map(({ name }) => name)
  }

  /** An entry of this tenant, linked, at a time of the past: the database's, so it is set back there. */
  async function writeAt(at: Date, on = stage): Promise<void> {
    await on.audit.handOut(on.entry())
    await on.tamper(
      `update audit set at = $2 where tenant_id = $1 and id in (
         select entry_id from audit_tail where tenant_id = $1
       )`,
      [on.tenantId, at],
    )
    await on.tamper('update audit_tail set at = $2 where tenant_id = $1', [on.tenantId, at])
    await on.chainer.link()
  }

  async function positions(): Promise<number[]> {
    const rows = await database.query<{ position: number }>(
      `select position::float8 as position from audit_links where tenant_id = $1 order by position`,
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
    expect(await tables()).toEqual([`audit_${coming[0]}`, `audit_links_${coming[0]}`])
  })

  verifies.suite('T30:whole-weeks', () => {
    test('an old week goes as a table, and what stays is proved', async () => {
      await makeWeek(monday)
      await writeAt(monday)
      await writeAt(new Date(monday.getTime() + weekMs - 1))
      await stage.write(2)
      await stage.sign()
      expect(await tables()).toContain(`audit_${nameOf(monday)}`)
      expect(await retention().trim()).toEqual({ weeks: [nameOf(monday)], entries: 0 })
      expect(await weeks()).not.toContain(nameOf(monday))
      expect(await positions()).toEqual([3, 4])
      expect(await stage.verify()).toMatchObject({ entries: 2, heads: 1, findings: [] })
    })

    test('a tenant of whom nothing is left goes on behind its last position', async () => {
      await makeWeek(monday)
      await writeAt(monday)
      await writeAt(monday)
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
      await writeAt(monday)
      await writeAt(next)
      await stage.write(1)
      expect(await retention().trim()).toMatchObject({ weeks: [nameOf(monday), nameOf(next)] })
      expect(await positions()).toEqual([3])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('a week is kept until its end is old enough', async () => {
      await makeWeek(monday)
      await writeAt(monday)
      const days = (Date.now() - monday.getTime()) / dayMs
      expect(await retention(days - 6).trim()).toMatchObject({ weeks: [] })
      expect(await positions()).toEqual([1])
      expect(await retention(days - 8).trim()).toMatchObject({ weeks: [nameOf(monday)] })
    })

    test('what was written late, across midnight on Sunday, takes nothing along', async () => {
      const next = new Date(monday.getTime() + weekMs)
      await makeWeek(monday)
      await makeWeek(next)
      await writeAt(next)
      await writeAt(new Date(next.getTime() - 1))
      await stage.write(1)
      await retention(age(next) - 1).trim()
      expect(await weeks()).not.toContain(nameOf(monday))
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
      await retention().trim()
      expect(await positions()).toEqual([3])
      expect(await stage.verify()).toMatchObject({ entries: 1, findings: [] })
    })

    test('a week waits for what stands in a chain before it, and is younger', async () => {
      const other = await createChainStage({ database, owner, tenantId: 'org_other', makeId })
      await makeWeek(monday)
      await writeAt(new Date(Date.now() - 10 * dayMs))
      await writeAt(monday)
      await writeAt(monday, other)
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
      await writeAt(new Date(Date.now() - 3_000 * dayMs))
      await writeAt(new Date(Date.now() + 300 * dayMs))
      expect(await tables()).toEqual(['audit_default', 'audit_links_default'])
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
      await writeAt(monday)
      await expect(drop(nameOf(monday))).rejects.toThrow('no chain was cut behind')
      await expect(drop(nameOf(new Date()))).rejects.toThrow('younger than two days')
      for (const name of [
        'default',
        '2020w01',
        `links_${nameOf(monday)}`,
        'x"; drop table audit; --',
      ]) {
        await expect(drop(name)).rejects.toThrow('no week of the log')
      }
      expect(await positions()).toEqual([1])
    })

    test('nor one with an entry that waits for its link', async () => {
      await makeWeek(monday)
      await stage.audit.handOut(stage.entry())
      await stage.tamper('update audit set at = $2 where tenant_id = $1', [stage.tenantId, monday])
      await stage.tamper('update audit_tail set at = $2 where tenant_id = $1', [
        stage.tenantId,
        monday,
      ])
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
          await expect(owner.query(statement), statement).rejects.toThrow('may only be appended to')
        }
      }
      for (const table of ['audit_default', 'audit_links_default']) {
        await expect(owner.query(`truncate ${table}`)).rejects.toThrow('may only be appended to')
      }
    })

    test("the service's role drops no table by itself", async ({ skip }) => {
      skip(database.kind === 'pglite', 'it has one role, which owns everything')
      await expect(database.query(`drop table audit_${nameOf(new Date())}`)).rejects.toThrow(
        'owner',
      )
      await expect(
        database.query(`alter table audit detach partition audit_${nameOf(new Date())}`),
      ).rejects.toThrow('owner')
    })
  })
})

describe('a log from before there were weeks', () => {
  verifies.each('T30:before-the-weeks', ['postgres', 'pglite'], async (kind) => {
    const { database, close } = await openEmpty(kind)
    await migrateUpTo(database, 21)
    let ids = 0
    const makeId = () => {
      ids += 1
      return `aud_${ids}`
    }
    const stage = await createChainStage({ database, owner: database, tenantId: 'org_old', makeId })
    await stage.write(3)
    await stage.audit.handOut(stage.entry()) // not linked yet
    await migrate(database)
    expect(await stage.verify()).toMatchObject({ entries: 3, findings: [] })
    await stage.write(1)
    expect(await stage.verify()).toMatchObject({ entries: 5, findings: [] })
    const last = nameOf(new Date())
    const rows = await database.query(
      'select distinct tableoid::regclass::text as name from audit order by 1',
    )
    expect(rows).toEqual([{ name: `audit_${last}` }])
    for (const statement of [`update audit_${last} set actor = ''`, `delete from audit_${last}`]) {
      await expect(database.query(statement)).rejects.toThrow('may only be appended to')
    }
    await close()
  })
})

async function openEmpty(kind: string): Promise<{ database: Database; close(): Promise<void> }> {
  if (kind === 'pglite') {
    const database = await openPglite({ dataDir: 'memory' })
    return { database, close: () => database.close() }
  }
  const created = await createDatabase({ empty: true })
  const database = await openPostgres({ url: created.ownerUrl, poolSize: 2 })
  return {
    database,
    async close() {
      await database.close()
      await created.drop()
    },
  }
}

/** As an earlier version of the service left its database. */
async function migrateUpTo(database: Database, last: number): Promise<void> {
  const folder = new URL('../store/migrations/', import.meta.url)
  await database.query(`create table migrations (
    number int primary key, name text not null, applied_at timestamptz not null default now()
  )`)
  for (const name of (await readdir(folder)).sort()) {
    const number = Number.parseInt(name, 10)
    if (number > last) continue
    await database.query(await readFile(new URL(name, folder), 'utf8'))
    await database.query('insert into migrations (number, name) values ($1, $2)', [number, name])
  }
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
