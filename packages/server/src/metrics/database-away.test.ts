import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import { parseScrape } from '../../../../test/support/scrape.ts'
import { createStage, type Stage } from '../../../../test/support/stage.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { SwitchableDatabase } from '../store/switchable.test.support.ts'

describeEachDatabase('metrics without a database', (makeDatabase) => {
  let database: SwitchableDatabase
  let stage: Stage
  beforeAll(async () => {
    database = new SwitchableDatabase(await makeDatabase())
    stage = await createStage(database, { role: 'serve' })
    await stage.connect()
  })
  afterAll(() => stage.stop())

  verifies('metrics:database-away', async () => {
    const name = 'keywell_database_unavailable_total'
    // For two seconds the key is accepted without a look-up, so that the read itself meets the trouble.
    expect((await stage.read()).status).toBe(200)
    database.away = true
    expect((await stage.read()).status).toBe(503)
    const { value } = parseScrape((await stage.keywell.metrics()).text)
    expect(value(name)).toBeGreaterThan(0)
    const read = 'keywell_credential_read_duration_seconds_count'
    expect(value(read, { result: 'unavailable' })).toBe(1)
    expect(value('keywell_stream_clients')).toBe(0)
    expect(value('keywell_work_due')).toBeUndefined()
    database.away = false
  })
})
