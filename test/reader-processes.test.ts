/** Readers over several processes: a token that died before its time, and a process that was killed. */
import { once } from 'node:events'
import { type FaultInput, faults } from '@keywell/sandbox'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { createDeployment, type Deployment } from './support/deployment.ts'
import { schemaOwner } from './support/scopes.ts'
import type { ServiceProcess } from './support/service-process.ts'
import type { Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

let deployment: Deployment
let stage: Stage

beforeAll(async () => {
  deployment = await createDeployment({ role: 'serve' })
  stage = deployment.stage
})
afterAll(() => deployment.stop())
beforeEach(() => stage.calm())

const probe = { endpoint: 'token_info' } as const
const deadToken: FaultInput = {
  ...probe,
  effect: {
    kind: 'respond',
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_token"}',
  },
}

async function readAt(service: { url: string }, query: { tenantId: string; userId: string }) {
  const answer = await deployment.readAt(service.url, query)
  return { status: answer.status, body: await answer.json() }
}

verifies(
  'R10:shared-probe-processes',
  async () => {
    const who = { tenantId: 'ten_dead', userId: 'u' }
    await stage.connect({ who })
    const replicas = [stage, await deployment.start()]
    await stage.calm()
    await stage.sandbox.control.addFault({ ...deadToken, times: 1 })
    await stage.sandbox.control.addFault({ ...probe, effect: { kind: 'delay', ms: 500 } })
    await stage.sandbox.control.addFault(faults.slowAnswer(500))
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        readAt(replicas[index % 2] ?? stage, { ...who, ...{ minGeneration: 2 } }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.generation))).toEqual(new Set([2]))
    const { calls, grantTypes } = await stage.sandbox.control.counters()
    expect([calls.token_info, grantTypes.refresh_token]).toEqual([1, 1])
  },
  { timeout: 90_000 },
)

verifies(
  'R10:claim-under-way',
  async () => {
    const who = { tenantId: 'ten_claimed', userId: 'u' }
    await stage.connect({ who })
    await stage.calm()
    await stage.sandbox.control.addFault({ ...deadToken, times: 1 })
    let answered = false
    const setLease = (values: string) =>
      `update refresh_schedule set ${values} where tenant_id = '${who.tenantId}'`
    const blocked = `select from pg_locks join pg_stat_activity using (pid)
      where not granted and datname = current_database()`
    const reading = await stage.database.owner.transaction(schemaOwner, async (sql) => {
      await sql.query(
        setLease("lease_owner = gen_random_uuid(), lease_until = now() + interval '60 s'"),
      )
      const answer = readAt(stage, { ...who, ...{ minGeneration: 2 } }).finally(() => {
        answered = true
      })
      await until('the reader waits', async () => {
        return answered || (await stage.database.query(blocked)).length > 0
      })
      // Not awaited here: it would wait for this transaction.
      return { answer }
    })
    // The other process learns nothing, and releases its claim.
    await stage.database.query(setLease('lease_owner = null, lease_until = null'))
    expect(await reading.answer).toMatchObject({ status: 200, body: { generation: 2 } })
  },
  { timeout: 90_000 },
)

verifies(
  'refresh:after-a-crash',
  async () => {
    const who = { tenantId: 'ten_crash', userId: 'u' }
    await stage.connect({ who })
    const doomed = await deployment.start()
    await stage.calm()
    const past = "now() - interval '1 second'"
    const { query } = stage.database
    const change = (statement: string) => query(`${statement} where tenant_id = $1`, [who.tenantId])
    await change(`update credentials set expires_at = ${past}`)
    // Its request is on the wire when it dies.
    await stage.sandbox.control.addFault({ ...faults.slowStart(600_000), times: 1 })
    await change(`update refresh_schedule set refresh_at = ${past}`)
    const reading = readAt(doomed, who).catch(() => {})
    await until('the request is sent', async () => {
      const [fault] = await stage.sandbox.control.faults()
      return fault?.struck === 1
    })
    await kill(doomed)
    await reading
    // Its heart has missed a beat, and may still come: the answer says for how long it is waited for.
    const silent = async (seconds: number) => {
      const ago = `now() - interval '${seconds} seconds'`
      await query(
        `update replicas set seen_at = ${ago}
         where tenant_id = '@install' and replica_id = (
           select lease_owner from refresh_schedule where tenant_id = $1 and lease_owner is not null)`,
        [who.tenantId],
      )
      await change(`update refresh_schedule set lease_until = ${ago} + interval '60 seconds'`)
    }
    await silent(20)
    const early = await readAt(stage, who)
    expect(early).toMatchObject({ status: 503, body: { code: 'refresh_in_progress' } })
    expect(early.body.retryAfterMs).toBeGreaterThan(5_000)
    expect(early.body.retryAfterMs).toBeLessThanOrEqual(10_000)
    await silent(31)
    expect(await readAt(stage, who)).toMatchObject({ status: 200, body: { generation: 2 } })
  },
  { timeout: 90_000 },
)

async function kill({ child }: ServiceProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
