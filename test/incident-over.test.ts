/** What follows when an incident is over, or known to be true: no connection waits for a turn that is not needed. */
import { faults } from '@keywell/sandbox'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import type { TestDatabase } from './support/inspected.ts'
import { schemaOwner } from './support/scopes.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const hourMs = 3_600_000
const timing = {
  pollMs: 20,
  leaseMs: 4_000,
  deadlineMs: 400,
  marginMs: 500,
  confirmAfterMs: 100,
  recheckAfterMs: 50,
  // No connection gets a turn by waiting for it.
  incidentAskMs: hourMs,
  incidentConfirmMs: hourMs,
}

describeEachDatabase('the incident guard', (makeDatabase) => {
  let database: TestDatabase
  let stage: Stage
  const people = 14

  beforeAll(async () => {
    database = await makeDatabase()
    stage = await createStage(database, { timing })
    await stage.sandbox.control.change({ skipConsent: 'always' })
    for (let at = 0; at < people; at += 1) {
      await stage.connect({ who: { tenantId: `ten_${at}`, userId: `usr_${at}` } })
    }
  }, 60_000)
  afterAll(() => stage.stop())

  const makeDue = () => database.query('update refresh_schedule set refresh_at = now()')
  const count = async (what: string) => (await database.query(`select 1 from ${what}`)).length

  verifies('incident:over-at-once', async () => {
    await stage.sandbox.control.addFault(faults.falseInvalidGrant())
    const body = '{"error":"invalid_token"}'
    const effect = { kind: 'respond', status: 401, body } as const
    await stage.sandbox.control.addFault({ endpoint: 'token_info', effect })
    await makeDue()
    await until('an incident', async () => (await count('provider_incidents')) > 0)
    await until('nothing is under way', async () => {
      return (await count('refresh_schedule where lease_owner is not null')) === 0
    })
    // Refused in a way that says nothing, and its pause has grown.
    await database.query(
      `update refresh_schedule set state = 'suspect', refused_at = null, refresh_at = now() + interval '1 day'
       where tenant_id = 'ten_13'`,
    )
    await stage.calm()
    await database.query('update provider_incidents set asked_at = null')
    await until('it is over', async () => (await count('provider_incidents')) === 0)
    await until(
      'all are fresh',
      async () => (await count('credentials where generation = 1')) === 0,
    )
    expect(await count("connections where status <> 'active'")).toBe(0)
  })

  verifies('incident:ends-side-by-side', async () => {
    await database.query(
      `insert into provider_incidents (tenant_id, id, provider, host, integration_id, confirmed_at)
       values ('@install', 'inc_1', 'gitlab', $1, $2, now())`,
      [stage.sandbox.url, stage.integration.id],
    )
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    const end = async () => {
      await makeDue()
      await until('all have ended', async () => {
        return (await count("connections where status = 'revoked'")) === people
      })
    }
    // The embedded database has one session, so no other session can hold the lock.
    if (database.kind === 'pglite') return end()
    await database.owner.transaction(schemaOwner, async (sql) => {
      // As `lockAnswers` takes it.
      const of = JSON.stringify([stage.integration.id, stage.sandbox.url])
      await sql.query('select pg_advisory_xact_lock(hashtextextended($1, 7261094))', [of])
      await end()
    })
  })
})
