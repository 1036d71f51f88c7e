/** A reader and the worker of one process want the same refresh at the same moment. */
import { expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { withStatements } from './support/inspected.ts'
import { createStage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

verifies('R1:reader-and-worker', async () => {
  const database = await openEmbedded()
  const who = { tenantId: 'ten_race', userId: 'usr_race' }
  const isTaken = async () =>
    (await database.query('select from refresh_schedule where lease_owner is not null')).length > 0
  // The reader's claim comes when the worker has the row.
  const late = withStatements(database, async (run, text) => {
    if (text.includes('suspended_at is not null)')) await until('the worker has it', isTaken)
    return run()
  })
  const stage = await createStage(late)
  try {
    await stage.connect({ who })
    for (const due of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
      await database.query(`update ${due} = now() - interval '1 second'`)
    }
    expect(await stage.read(who)).toMatchObject({ status: 200, body: { generation: 2 } })
  } finally {
    await stage.stop()
  }
})
