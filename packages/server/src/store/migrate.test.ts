import { readdir } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { runModule } from '../../../../test/support/child.ts'
import { createDatabase, describeEachDatabase } from '../../../../test/support/databases.ts'
import { openCreated, openOwner, type TestDatabase } from '../../../../test/support/inspected.ts'
import { migrate, SchemaTooNew } from './migrate.ts'

const migrationsFolder = new URL('./migrations/', import.meta.url)

describeEachDatabase('migrate', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  test('has applied every file once, in order', async () => {
    const rows = await database.query<{ name: string }>(
      'select name from migrations order by number',
    )
    expect(rows.map((row) => row.name)).toEqual((await readdir(migrationsFolder)).sort())
  })

  test('refuses a database that is newer than the code, and says what to do', async () => {
    await database.query("insert into migrations (number, name) values (9001, '9001_future.sql')")
    const attempt = migrate(database)
    await expect(attempt).rejects.toThrow(SchemaTooNew)
    await expect(attempt).rejects.toThrow(/9001_future\.sql.*Run the newer version/s)
  })
})

describe('migrate on a server', () => {
  test('several processes that start at once leave one set of tables', async () => {
    const created = await createDatabase({ empty: true })
    const source = (name: string) => new URL(name, import.meta.url).href
    const process = () =>
      runModule(`
        import { migrate } from '${source('./migrate.ts')}'
        import { openPostgres } from '${source('./postgres.ts')}'
        const database = await openPostgres({ url: '${created.ownerUrl}', poolSize: 2 })
        await Promise.all([migrate(database), migrate(database)])
        await database.close()
      `)
    const processes = [process(), process()]
    for (const { ended } of processes) expect(await ended).toEqual({ code: 0, errors: '' })

    const database = await openOwner(created.ownerUrl)
    const rows = await database.query('select name from migrations')
    expect(rows).toHaveLength((await readdir(migrationsFolder)).length)
    await database.close()
    await created.drop()
  })

  test('a second run changes nothing, and needs no right to change tables', async () => {
    const created = await createDatabase()
    const database = await openCreated(created)
    const before = await database.query('select * from migrations')
    await migrate(database)
    expect(await database.query('select * from migrations')).toEqual(before)
    await database.close()
    await created.drop()
  })

  test('a migration that fails leaves nothing of it behind', async () => {
    const created = await createDatabase({ empty: true })
    const database = await openOwner(created.ownerUrl)
    await database.query('create table refresh_schedule (in_the_way int)')
    await expect(migrate(database)).rejects.toThrow('"refresh_schedule" already exists')
    const tables = await database.query(
      "select tablename from pg_tables where schemaname = 'public'",
    )
    expect(tables).toEqual([{ tablename: 'refresh_schedule' }])
    await database.close()
    await created.drop()
  })
})
