/** Changes that tools make under an Idempotency-Key: what the service keeps of them, for whom, and for how long. */
import type { Problem, ToolAnswer } from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { answerProjects } from './support/answer-projects.ts'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

interface Who {
  tenantId: string
  userId: string
}
type Body = Partial<ToolAnswer> & Partial<Problem>

const create = 'gitlab_issue_create'
const issue = { project_id: 'lighthouse/webshop', title: 'Log in with a passkey' }

describeEachDatabase('replays of tools', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  async function connected(
    tenantId = `ten_replay_${++next}`,
    userId = `usr_${++next}`,
  ): Promise<Who> {
    const who = { tenantId, userId }
    const session = { scopes: { gitlab: { required: ['api' as const] } } }
    await stage.connect({ who, session, flow: { scopes: ['api'] } })
    await stage.calm()
    return who
  }

  async function execute(
    who: Who,
    key: string,
    { given = issue, tool = create, apiKey = stage.apiKey }: Partial<Call> = {},
  ) {
    const response = await fetch(`${stage.url}/v1/tools/execute`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify({ ...who, tool, arguments: given }),
    })
    // The service's own answer; what is looked at is optional.
    const { status, headers } = response
    return { status, headers, body: (await response.json()) as Body }
  }
  interface Call {
    given: object
    tool: string
    apiKey: string
  }

  const answering = (body: unknown, status = 201) => answerProjects(stage, status, body)

  const calls = async () => (await stage.sandbox.control.counters()).calls.rest ?? 0

  const change = (what: string, { tenantId }: Who) =>
    stage.database.query(`update idempotent_tool_calls set ${what} where tenant_id = $1`, [
      tenantId,
    ])

  verifies('replay:service', async () => {
    const who = await connected()
    await answering({ iid: 7, title: issue.title, description: 'only for ada' })
    const first = must(await execute(who, 'k'), 200)
    expect(first).not.toHaveProperty('replayed')
    const again = await execute(who, 'k')
    expect(again).toMatchObject({ status: 200, body: { ...first, replayed: true } })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    const other = { ...issue, title: 'Another' }
    expect(await execute(who, 'k', { given: other })).toMatchObject({
      status: 409,
      body: { code: 'conflict', tool: { code: 'CONFLICT', reason: 'other_call' } },
    })
    expect(await calls()).toBe(1)

    // The audit log says that nothing was sent for the second.
    const entries = await stage.database.query(
      `select result, reason, call -> 'outcome' -> 'replayed' as replayed from audit
       where tenant_id = $1 and action = 'tool.call' order by id`,
      [who.tenantId],
    )
    expect(entries).toEqual([
      { result: 'intent', reason: create, replayed: null },
      { result: 'ok', reason: create, replayed: null },
      { result: 'ok', reason: create, replayed: true },
      { result: 'denied', reason: `CONFLICT: ${create}`, replayed: null },
    ])
    // What is kept is sealed.
    const [{ row = '' } = {}] = await stage.database.query<{ row: string }>(
      `select idempotent_tool_calls::text || encode(sealed, 'escape') as row
       from idempotent_tool_calls where tenant_id = $1`,
      [who.tenantId],
    )
    expect(row).toContain('done')
    expect(row).not.toContain('only for ada')
    expect(row).not.toContain(issue.title)
  })

  verifies('replay:same-user', async () => {
    const who = await connected()
    const other = await connected(who.tenantId)
    const elsewhere = await connected(undefined, who.userId)
    await answering({ iid: 7 })
    must(await execute(who, 'k'), 200)
    for (const one of [other, elsewhere]) {
      expect(must(await execute(one, 'k'), 200)).not.toHaveProperty('replayed')
    }
    expect(await calls()).toBe(3)
    // The change is named, and not who asks for it.
    const apiKey = (
      await stage.keywell.apiKeys.create('replaced', { roles: ['backend'] })
    ).key.expose()
    expect((await execute(who, 'k', { apiKey })).body.replayed).toBe(true)
  })

  verifies('replay:under-way', async () => {
    const who = await connected()
    const slow = { kind: 'delay', ms: 1_000 } as const
    const pathPrefix = '/api/v4/projects'
    await stage.sandbox.control.addFault({ endpoint: 'rest', pathPrefix, effect: slow })
    const [first, second] = await Promise.all([execute(who, 'k'), execute(who, 'k')])
    expect(await calls()).toBe(1)
    const refused = [first, second].find(({ status }) => status === 409)
    expect(refused).toMatchObject({
      body: { code: 'conflict', retryAfterMs: 1_000, tool: { reason: 'in_progress' } },
    })
    expect(refused?.headers.get('retry-after')).toBe('1')
  })

  verifies('replay:database-writer', async () => {
    const who = await connected()
    const other = await connected(who.tenantId)
    await answering({ iid: 7 })
    must(await execute(who, 'k'), 200)
    const before = await calls()
    // Given to another connection of the tenant, with its user.
    await stage.database.query(
      `update idempotent_tool_calls set user_id = $2, connection_id = (
         select id from connections where tenant_id = $1 and user_id = $2)
       where tenant_id = $1`,
      [other.tenantId, other.userId],
    )
    expect((await execute(other, 'k')).body.code).toBe('credential_unreadable')
    await change("state = 'running', ends_at = now() + interval '1 hour'", who)
    expect((await execute(other, 'k')).body.code).toBe('credential_unreadable')
    expect(await calls()).toBe(before)
    // One who deletes the row has the change made once more.
    await stage.database.query('delete from idempotent_tool_calls where tenant_id = $1', [
      who.tenantId,
    ])
    must(await execute(other, 'k'), 200)
    expect(await calls()).toBe(before + 1)
  })

  verifies('replay:ends', async () => {
    const who = await connected()
    await answering({ iid: 7 })
    must(await execute(who, 'k'), 200)
    await change("created_at = now() - interval '25 hours'", who)
    expect(must(await execute(who, 'k'), 200)).not.toHaveProperty('replayed')
    expect((await execute(who, 'k')).body.replayed).toBe(true)
    expect(await calls()).toBe(2)
    must(await stage.call('DELETE', `/v1/tenants/${who.tenantId}?now=true`), 200)
    const left = 'select from idempotent_tool_calls where tenant_id = $1'
    expect(await stage.database.query(left, [who.tenantId])).toHaveLength(0)
  })
})
