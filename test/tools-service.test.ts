/** Every tool of GitLab through the service and its SDK, as a backend calls them for its users. */
import { agentErrorOf, isKeywellError, Keywell, type KeywellError } from '@keywell/sdk'
import { findTool, listTools } from '@keywell/tools'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { gitlabToolSteps, type Known } from './support/gitlab-tool-steps.ts'
import type { TestDatabase } from './support/inspected.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const tenantId = 'ten_tool_day'
const people = { ada: { tenantId, userId: 'usr_ada' }, grace: { tenantId, userId: 'usr_grace' } }

let database: TestDatabase
let stage: Stage
let keywell: Keywell
const tokens: string[] = []

beforeAll(async () => {
  database = await openEmbedded()
  stage = await createStage(database, { approvalUrl: 'https://app.example/approve' })
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
  // The store of artifacts is another host, which this service has not been allowed.
  await stage.sandbox.control.change({ artifactDelivery: 'inline' })
  // A day in a minute.
  const policy = { toolRules: { gitlab: { rateLimit: { calls: 0, windowMs: 60_000 } } } }
  must(await stage.call('PUT', `/v1/tenants/${tenantId}/policy`, policy), 200)
  for (const [as, who] of Object.entries(people)) {
    await stage.connect({
      who,
      as,
      session: { scopes: { gitlab: { required: ['api'] } } },
      flow: { scopes: ['api'] },
    })
    tokens.push(String((await stage.read(who)).body.credential))
  }
})
afterAll(async () => {
  keywell.close()
  await stage.stop()
  await database.close()
})

verifies('tools:host-not-allowed', async () => {
  const { control, url } = stage.sandbox
  const who = { tenantId: 'ten_artifacts', userId: 'usr_ada' }
  const scopes = { gitlab: { required: ['api'] } }
  await stage.connect({ who, as: 'ada', session: { scopes }, flow: { scopes: ['api'] } })
  const project = { project_id: 'lighthouse/webshop' }
  type Job = { id: number; artifacts_file?: object }
  const { data } = await keywell.tools.execute<Job[]>('gitlab_jobs_list', project, who)
  const job_id = data.find(({ artifacts_file }) => artifacts_file !== undefined)?.id
  await control.change({ artifactDelivery: 'redirect' })
  const error = await keywell.tools
    .execute('gitlab_job_artifacts_download', { ...project, job_id }, who)
    .then(
      () => undefined,
      (thrown: unknown) => (isKeywellError(thrown) ? thrown : undefined),
    )
  await control.change({ artifactDelivery: 'inline' })
  expect(error?.tool).toMatchObject({ code: 'HOST_NOT_ALLOWED', refusedBy: 'keywell' })
  const [refused = ''] = /127\.0\.0\.1:\d+/.exec(error?.message ?? '') ?? []
  expect(refused).not.toBe('')
  expect(refused).not.toBe(new URL(url).host)
  expect(error?.nextStep).toContain(`If ${refused} is a host of yours`)
  expect(error?.nextStep).toContain('KEYWELL_ALLOW_HOSTS')
})

interface Day {
  readonly ran: Set<string>
  /** What agents have got. */
  readonly told: string[]
  readonly approved: string[]
}

async function call(
  day: Day,
  who: { tenantId: string; userId: string },
  tool: string,
  given: object,
) {
  const run = (approvalId?: string) =>
    keywell.tools.execute(tool, { ...given }, { ...who, ...(approvalId && { approvalId }) })
  const answer = await run().catch(async (error: unknown) => {
    if (!isKeywellError(error) || error.tool?.approvalId === undefined) throw error
    day.told.push(JSON.stringify(agentErrorOf(error)))
    const approvalId = error.tool.approvalId
    const decided = { approvalId, tenantId, decision: 'approve', decidedBy: who.userId } as const
    await keywell.tools.approvals.decide(decided)
    day.approved.push(tool)
    return run(approvalId)
  })
  day.told.push(JSON.stringify(answer))
  day.ran.add(tool)
  return answer
}

verifies(
  'tools:by-service',
  async () => {
    const day: Day = { ran: new Set(), told: [], approved: [] }
    const known: Known = {}
    for (const { tool, as = 'ada', arguments: given, remember = {} } of gitlabToolSteps) {
      const { data } = await call(day, people[as], tool, given(known)).catch(
        (cause: KeywellError) => {
          throw new Error(`${tool} failed: ${cause.message}`, { cause })
        },
      )
      for (const [name, path] of Object.entries(remember)) known[name] = fieldOf(data, path)
    }
    const tools = listTools('gitlab')
    expect([...day.ran].sort()).toEqual(tools.map(({ name }) => name).sort())
    // A person approved each call that destroys, and no other.
    const destroying = gitlabToolSteps.filter(({ tool }) => findTool(tool)?.effect === 'destroy')
    expect(day.approved).toEqual(destroying.map(({ tool }) => tool))
    for (const token of tokens) {
      expect(day.told.filter((text) => text.includes(token))).toEqual([])
    }
    const entries = await database.query<{ result: string; count: number }>(
      `select result, count(*)::int as count from audit
       where tenant_id = $1 and action = 'tool.call' group by result`,
      [tenantId],
    )
    const counts = Object.fromEntries(entries.map(({ result, count }) => [result, count]))
    // Before and after each request, and of each look at what would be destroyed.
    expect(counts.ok).toBe(gitlabToolSteps.length)
    expect(counts.denied).toBe(day.approved.length)
    expect(counts).not.toHaveProperty('failed')
    expect(counts.intent).toBeGreaterThanOrEqual(gitlabToolSteps.length)
  },
  { timeout: 120_000 },
)

verifies(
  'tools:refused-often',
  async () => {
    const { control } = stage.sandbox
    await control.resetCounters()
    await control.addFault({
      endpoint: 'rest',
      pathPrefix: '/api/v4/projects',
      effect: {
        kind: 'respond',
        status: 401,
        body: JSON.stringify({ message: '401 Unauthorized' }),
        headers: { 'content-type': 'application/json' },
      },
    })
    const tools = ['gitlab_merge_request_merge', 'gitlab_merge_request_approve']
    const given = { project_id: 1, merge_request_iid: 1 }
    const codes: Record<string, number> = {}
    const refuse = async (tool: string) => {
      const call = { ...people.ada, hints: false }
      const error: unknown = await keywell.tools.execute(tool, given, call).catch((it) => it)
      const code = (isKeywellError(error) && error.tool?.code) || 'none'
      codes[code] = 1 + (codes[code] ?? 0)
    }
    for (let made = 0; made < 1_000; made += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => refuse(tools[at % 2] ?? '')))
    }
    expect(codes).toEqual({ FORBIDDEN: 1_000 })
    expect((await control.counters()).grantTypes.refresh_token ?? 0).toBe(0)
    const connections = await database.query<{ status: string }>(
      'select distinct status from connections where user_id = $1',
      [people.ada.userId],
    )
    expect(connections).toEqual([{ status: 'active' }])
  },
  { timeout: 120_000 },
)

function fieldOf(data: unknown, path: string): string | number {
  const value = path.split('.').reduce<unknown>((from, name) => Object(from)[name], data)
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new Error(`the answer has no ${path}: ${JSON.stringify(data)}`)
}
