/** What a stop waits for, beside what the engine has under way. */

import { DatabaseUnavailable } from '@keywell/server'
import { expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type TestDatabase, withStatements } from './support/inspected.ts'
import { createStage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

/** Closed for the service, and open to look at what it left behind. */
function keptOpen(database: TestDatabase): TestDatabase {
  let closed = false
  const whileOpen = <Result>(run: () => Promise<Result>): Promise<Result> =>
    closed ? Promise.reject(new DatabaseUnavailable('It was closed.')) : run()
  return {
    ...withStatements(database, (run) => whileOpen(run)),
    transaction: (scope, work) => whileOpen(() => database.transaction(scope, work)),
    async close() {
      closed = true
    },
  }
}

describeEachDatabase('a stop', (makeDatabase) => {
  verifies('disconnect:shutdown', async () => {
    const database = await makeDatabase()
    const stage = await createStage(keptOpen(database))
    const who = { tenantId: 'ten_stop', userId: 'usr_stop' }
    const { connection } = await stage.connect({ who })
    await stage.sandbox.control.resetCounters()
    await stage.sandbox.control.addFault({
      endpoint: 'revoke',
      effect: { kind: 'delay', ms: 1_000 },
    })
    const path = `/v1/connections/${connection?.id}?${new URLSearchParams(who)}`
    const answer = stage.call('DELETE', path).catch(() => undefined)
    await until('the provider is asked', async () => {
      const rows = await database.query(
        `select from audit where tenant_id = $1 and action = 'connection.revoke_upstream'`,
        [who.tenantId],
      )
      return rows.length > 0
    })
    await stage.keywell.stop()
    const left = await database.query('select from revocations where tenant_id = $1', [
      who.tenantId,
    ])
    expect(left, 'grants whose end was not written down').toEqual([])
    await answer
    await stage.stop()
    await database.close()
  })
})
