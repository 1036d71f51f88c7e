import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import { type Database, UniqueViolation } from './database.ts'

describeEachDatabase('database', (makeDatabase) => {
  let database: Database
  beforeAll(async () => {
    database = await makeDatabase()
  })

  test('is migrated', async () => {
    const rows = await database.query('select name from migrations')
    expect(rows).toContainEqual({ name: '0001_first_path.sql' })
  })
})
