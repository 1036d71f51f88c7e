/** Tools that the service calls as a user: routes, policy, approvals, and what the audit log has of them. */
import type { Approval, Problem, ScopedToolList, ToolAnswer, ToolList } from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { answerProjects } from './support/answer-projects.ts'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const projects = 'gitlab_projects_list'
const issueDelete = 'gitlab_issue_delete'

describeEachDatabase('tools', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      approvalUrl: 'https://app.example/approve',
      timing: { recheckAfterMs: 50 },
    })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  type Who = { tenantId: string; userId: string }

  const asking = (scopes: 'api' | 'read_api') => ({
    session: { scopes: { gitlab: { required: [scopes] } } },
    flow: { scopes: [scopes] },
  })

  async function connected(
    scopes: 'api' | 'read_api' = 'api',
  ): Promise<{ who: Who; token: string }> {
    next += 1
    const who = { tenantId: `ten_tools_${next}`, userId: `usr_${next}` }
    await stage.connect({ who, ...asking(scopes) })
    const { body } = await stage.read(who)
    await stage.calm()
    return { who, token: String(body.credential) }
  }

  const execute = <Body = Problem>(who: object, tool: string, given: object = {}, more = {}) =>
    stage.call<Body>('POST', '/v1/tools/execute', { ...who, tool, arguments: given, ...more })

  const setPolicy = ({ tenantId }: Who, policy: object) =>
    stage.call('PUT', `/v1/tenants/${tenantId}/policy`, policy)

  const entriesOf = ({ tenantId }: Who) =>
    stage.database.query<{ action: string; result: string; reason: string | null }>(
      `select action, result, reason from audit
       where tenant_id = $1 and (action = 'tool.call' or action like 'approval.%') order by id`,
      [tenantId],
    )

  const calls = async () => (await stage.sandbox.control.counters()).calls.rest ?? 0

  const answering = (status: number, body: unknown) => answerProjects(stage, status, body)

  verifies('tools:as-user', async () => {
    const { who, token } = await connected()
    await answering(200, [{ id: 1, path_with_namespace: 'acme/api', note: token }])
    const answer = await execute<ToolAnswer>(who, projects, { per_page: 5 })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(answer.body).toMatchObject({ data: [{ path_with_namespace: 'acme/api' }] })
    expect(answer.body.executionId).toBe(answer.headers.get('x-request-id'))
    expect(JSON.stringify(answer.body)).not.toContain(token)
    expect(await entriesOf(who)).toEqual([
      { action: 'tool.call', result: 'intent', reason: projects },
      { action: 'tool.call', result: 'ok', reason: projects },
    ])

    const failed: [who: object, tool: string, given: object, code: string, tool: string][] = [
      [who, 'gitlab_nothing', {}, 'unknown_tool', 'TOOL_NOT_FOUND'],
      [{ ...who, userId: 'usr_other' }, projects, {}, 'not_connected', 'NOT_CONNECTED'],
      [who, projects, { per_pages: 1 }, 'invalid_request', 'VALIDATION_ERROR'],
    ]
    const before = await calls()
    for (const [whose, tool, given, code, toolCode] of failed) {
      const { body } = await execute(whose, tool, given)
      expect(body, tool).toMatchObject({ code, tool: { code: toolCode, refusedBy: 'keywell' } })
    }
    expect(await calls()).toBe(before)
    expect((await entriesOf(who)).slice(2)).toEqual([
      { action: 'tool.call', result: 'denied', reason: `VALIDATION_ERROR: ${projects}` },
    ])

    await stage.sandbox.control.clearFaults()
    await answering(404, { message: '404 Project Not Found' })
    const missing = await execute(who, 'gitlab_project_get', { project_id: 7 }, { hints: false })
    expect(missing).toMatchObject({
      status: 424,
      body: {
        tool: { refusedBy: 'provider', providerStatus: 404, providerRequestId: 'of-gitlab' },
      },
    })
  })

  verifies('tools:refused-401', async () => {
    const { who } = await connected()
    await answering(401, { message: '401 Unauthorized' })
    const merge = { project_id: 1, merge_request_iid: 1 }
    for (let time = 0; time < 20; time += 1) {
      const { body } = await execute(who, 'gitlab_merge_request_merge', merge)
      expect(body.tool?.code, JSON.stringify(body)).toBe('FORBIDDEN')
    }
    expect((await stage.sandbox.control.counters()).grantTypes.refresh_token ?? 0).toBe(0)
    await stage.sandbox.control.clearFaults()
    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    const get = () => execute(who, 'gitlab_project_get', { project_id: 1 })
    // What a probe has found holds for a moment.
    await until('known to be dead', async () => (await get()).body.code === 'needs_reauth')
    const { body } = await get()
    expect(body).toMatchObject({ code: 'needs_reauth', tool: { code: 'NEEDS_REAUTH' } })
    expect(body.connectUrl).toContain('provider=gitlab')
  })

  verifies('tools:outcome-unknown', async () => {
    const { who } = await connected()
    const drop = { kind: 'drop', after: true } as const
    const pathPrefix = '/api/v4/projects'
    await stage.sandbox.control.addFault({ endpoint: 'rest', pathPrefix, effect: drop })
    const create = async () => {
      const response = await fetch(`${stage.url}/v1/tools/execute`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${stage.apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': `create-${who.userId}`,
        },
        body: JSON.stringify({
          ...who,
          tool: 'gitlab_issue_create',
          arguments: { project_id: 1, title: 'Once' },
        }),
      })
      return (await response.json()) as Problem
    }
    expect(await create()).toMatchObject({ tool: { outcome: 'unknown' } })
    expect(await create()).toMatchObject({
      code: 'conflict',
      tool: { reason: 'outcome_unknown', readingTool: 'gitlab_issues_list' },
    })
    expect(await calls()).toBe(1)
  })

  verifies('tools:policy', async () => {
    const { who } = await connected('read_api')
    const create = ['gitlab_issue_create', { project_id: 1, title: 'x' }] as const
    const { body: lacking } = await execute(who, ...create)
    expect(lacking).toMatchObject({ code: 'scope_missing', missingScopes: ['api'] })
    expect(lacking.connectUrl).toContain('scopes=api')

    await setPolicy(who, { toolRules: { gitlab: { denied: ['gitlab_project*'] } } })
    const denied = await execute(who, projects)
    expect(denied).toMatchObject({ status: 403, body: { tool: { code: 'TOOL_NOT_ALLOWED' } } })
    await setPolicy(who, { readOnly: true })
    expect((await execute(who, ...create)).body.tool?.code).toBe('READ_ONLY')
    await setPolicy(who, { hosts: ['https://gitlab.elsewhere.example'] })
    expect((await execute(who, projects)).body.tool?.code).toBe('TOOL_NOT_ALLOWED')
    expect(await calls()).toBe(0)

    await setPolicy(who, { toolRules: { gitlab: { rateLimit: { calls: 2, windowMs: 60_000 } } } })
    await answering(200, [])
    for (const status of [200, 200, 429]) {
      expect((await execute(who, projects)).status).toBe(status)
    }
    const wrong = await setPolicy(who, { toolRules: { gitlab: { aproval: 'never' } } })
    expect(wrong.status).toBe(400)
  })

  verifies('T39:moved-project', async () => {
    const { who } = await connected()
    const name = `drifter-${next}`
    const made = await execute<ToolAnswer>(who, 'gitlab_project_create', { name })
    const { id, path_with_namespace: path } = made.body.data as Record<string, string | number>
    const read = async (project_id: string | number) => {
      const { status, body } = await execute(who, 'gitlab_project_get', { project_id })
      return status === 200 ? 'ok' : body.tool?.code
    }
    must(await execute(who, 'gitlab_project_update', { project_id: id, path: `${name}-2` }), 200)
    expect(await read(String(path))).toBe('ok')
    const places = { project: [String(path)] }
    must(await setPolicy(who, { toolRules: { gitlab: { places } } }), 200)
    expect(await read(String(path))).toBe('TOOL_NOT_ALLOWED')
    expect(await read(Number(id))).toBe('TOOL_NOT_ALLOWED')
  })

  verifies('tools:route-list', async () => {
    const { who } = await connected('read_api')
    const list = (body: object) =>
      stage.call<ScopedToolList>('POST', '/v1/tools/list-scoped', { ...who, ...body })
    const filter = { providers: ['gitlab'] }
    const found: string[] = []
    let pageToken: string | undefined
    do {
      const { body } = await list({ filter, pageSize: 20, ...(pageToken && { pageToken }) })
      found.push(...body.tools.map(({ name }) => name))
      expect(body.totalSize).toBe(55)
      pageToken = body.nextPageToken
    } while (pageToken !== undefined)
    expect(new Set(found).size).toBe(55)
    expect(found).toHaveLength(55)

    const names = [projects, 'gitlab_issue_create', 'gitlab_nothing', 'github_issues_list']
    const { body } = await list({ filter: { toolNames: names } })
    expect(body.tools).toMatchObject([{ name: projects, connectionName: 'default' }])
    expect(body.unavailable.map(({ name, reason }) => [name, reason])).toEqual([
      ['gitlab_issue_create', 'scope_missing'],
      ['gitlab_nothing', 'unknown'],
      ['github_issues_list', 'not_connected'],
    ])

    const first = await list({ filter, pageSize: 1 })
    const other = { filter: {}, pageSize: 1, pageToken: first.body.nextPageToken }
    expect((await list(other)).status).toBe(400)
    const stranger = { userId: 'usr_x', filter, pageSize: 1, pageToken: first.body.nextPageToken }
    expect((await list(stranger)).status).toBe(400)
    await setPolicy(who, { readOnly: true, tools: { gitlab: [projects] } })
    expect((await list({ filter })).body.tools.map(({ name }) => name)).toEqual([projects])

    const catalogue = await stage.call<ToolList>('GET', '/v1/tools?providers=gitlab&effect=destroy')
    expect(catalogue.body).toMatchObject({ totalSize: 15 })
    expect(catalogue.body.tools[0]?.inputSchema).toMatchObject({ type: 'object' })
  })

  const given = { project_id: 1, issue_iid: 42 }
  const read = (who: Who, id: string | undefined) =>
    stage.call<Approval>('GET', `/v1/approvals/${id}?tenantId=${who.tenantId}`)
  const decide = (who: Who, id: string | undefined, decision = 'approve') =>
    stage.call<Approval>('POST', `/v1/approvals/${id}/decision`, {
      tenantId: who.tenantId,
      decision,
      decidedBy: 'usr_boss',
    })
  const ask = async (who: Who, args: object = given) => {
    const { body } = await execute(who, issueDelete, args, { agent: 'helper' })
    expect(body, JSON.stringify(body)).toMatchObject({ code: 'approval_required' })
    return body.tool
  }
  const deletes = async (who: Who, approvalId: string | undefined, args: object = given) =>
    execute(who, issueDelete, args, { approvalId })

  verifies('approvals:once', async () => {
    const { who } = await connected()
    await answering(202, { message: '202 Accepted' })
    const asked = await ask(who)
    const id = asked?.approvalId
    expect(asked?.approvalUrl).toBe(`https://app.example/approve?approvalId=${id}`)
    expect(await deletes(who, id)).toMatchObject({ body: { code: 'approval_required' } })
    expect((await read(who, id)).body).toMatchObject({
      state: 'pending',
      agent: 'helper',
      userId: who.userId,
      request: { method: 'DELETE', path: '/projects/1/issues/42' },
    })
    expect(must(await decide(who, id), 200)).toMatchObject({
      state: 'approved',
      decidedBy: 'usr_boss',
    })
    expect((await decide(who, id, 'deny')).status).toBe(409)

    // Not for other arguments, another user or another tool; then once, of two at the same moment.
    const other = await deletes(who, id, { ...given, issue_iid: 43 })
    expect(other.body.tool).toMatchObject({ code: 'APPROVAL_REQUIRED', reason: 'other_call' })
    const second = { ...who, userId: 'usr_second' }
    await stage.connect({ who: second, ...asking('api') })
    expect((await deletes(second, id)).body.tool).toMatchObject({ reason: 'unknown' })
    await stage.sandbox.control.resetCounters()
    const both = await Promise.all([deletes(who, id), deletes(who, id)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 403])
    expect((await deletes(who, id)).body.tool).toMatchObject({ reason: 'used' })
    expect((await read(who, id)).body.state).toBe('used')

    const denied = (await ask(who))?.approvalId
    must(await decide(who, denied, 'deny'), 200)
    expect((await deletes(who, denied)).body.code).toBe('approval_denied')

    const late = (await ask(who))?.approvalId
    must(await decide(who, late), 200)
    expect((await entriesOf(who)).filter(({ action }) => action !== 'tool.call')).toEqual([
      { action: 'approval.request', result: 'ok', reason: issueDelete },
      { action: 'approval.decide', result: 'ok', reason: `approved: ${issueDelete}` },
      { action: 'approval.decide', result: 'failed', reason: `too_late: ${issueDelete}` },
      { action: 'approval.request', result: 'ok', reason: issueDelete },
      { action: 'approval.decide', result: 'ok', reason: `denied: ${issueDelete}` },
      { action: 'approval.request', result: 'ok', reason: issueDelete },
      { action: 'approval.decide', result: 'ok', reason: `approved: ${issueDelete}` },
    ])
    const { body } = await stage.call<{ approvals: Approval[] }>(
      'GET',
      `/v1/approvals?tenantId=${who.tenantId}&state=approved`,
    )
    expect(body.approvals.map((each) => each.id)).toEqual([late])
  })

  verifies('approvals:database-writer', async () => {
    const { who } = await connected()
    const { tenantId } = who
    const id = (await ask(who))?.approvalId ?? ''
    const before = await calls()
    const change = (columns: string) =>
      stage.database.query(`update approvals set ${columns} where tenant_id = $1 and id = $2`, [
        tenantId,
        id,
      ])
    // Whoever writes rows, and has no key, approves nothing.
    await change("state = 'approved', decided_at = now(), decided_by = 'usr_mallory'")
    const forged = await deletes(who, id)
    expect(forged.body.code).toBe('credential_unreadable')
    expect(await calls()).toBe(before)
    await change("state = 'pending', decided_at = null, decided_by = null")
    must(await decide(who, id), 200)
    await change("ends_at = now() + interval '1 day'")
    expect((await deletes(who, id)).body.code).toBe('credential_unreadable')
    // After its end it is of no use.
    await change("ends_at = now() - interval '1 second'")
    expect((await deletes(who, id)).body.tool).toMatchObject({ reason: 'expired' })
    expect(await calls()).toBe(before)
  })
})
