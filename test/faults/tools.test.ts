/** A process that dies in the middle of a tool's change: the provider is asked once, whatever is repeated. */
import type { Problem } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { until } from '../support/until.ts'
import { verifies } from '../support/verifies.ts'
import { type Fleet, startFleet } from './fleet.ts'

const who = { tenantId: 'ten_tools', userId: 'usr_ada' }

let fleet: Fleet
beforeAll(async () => {
  fleet = await startFleet({ replicas: 1, connections: 0 })
  const session = { scopes: { gitlab: { required: ['api' as const] } } }
  await fleet.stage.connect({ who, session, flow: { scopes: ['api'] } })
})
afterAll(() => fleet?.stop())

async function create(): Promise<Problem> {
  const response = await fetch(`${fleet.replicas[0]?.url}/v1/tools/execute`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${fleet.stage.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': 'of-the-agent',
    },
    body: JSON.stringify({
      ...who,
      tool: 'gitlab_issue_create',
      arguments: { project_id: 'lighthouse/webshop', title: 'Made once' },
      timeoutMs: 1_000,
    }),
  })
  // The service's own answer; what is looked at is optional.
  return (await response.json()) as Problem
}

const asked = async () => (await fleet.control.counters()).calls.rest ?? 0

verifies(
  'replay:killed',
  async () => {
    await fleet.control.resetCounters()
    const [replica] = fleet.replicas
    const gone = replica?.arm({ point: 'after_change', skip: 0, hold: 1, action: 'kill' })
    const first = create().then(
      () => 'answered',
      () => 'cut off',
    )
    await gone
    expect(await first).toBe('cut off')
    expect(await asked()).toBe(1)

    await fleet.replace(0)
    // As long as the first process may still be at work, it is said to be.
    const early = await create()
    expect(['in_progress', 'outcome_unknown']).toContain(early.tool?.reason)
    await until('known to be cut off', async () => {
      const { tool } = await create()
      return tool?.reason === 'outcome_unknown'
    })
    expect(await create()).toMatchObject({
      code: 'conflict',
      tool: { code: 'CONFLICT', outcome: 'unknown', readingTool: 'gitlab_issues_list' },
    })
    expect(await asked()).toBe(1)
    const entries = await fleet.sql.query<{ result: string }>(
      `select result from audit where tenant_id = $1 and action = 'tool.call' order by id limit 2`,
      [who.tenantId],
    )
    expect(entries).toMatchObject([{ result: 'intent' }, { result: 'denied' }])
  },
  { timeout: 60_000 },
)
