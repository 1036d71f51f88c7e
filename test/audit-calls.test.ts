/** What the audit log has of calls to providers: by tools, and as requests of a backend's own. */
import {
  type AuditLogEntry,
  type AuditPage,
  auditPageSchema,
  type Problem,
} from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { answerProjects } from './support/answer-projects.ts'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const fileGet = 'gitlab_file_get'
const issueDelete = 'gitlab_issue_delete'
const hash = expect.stringMatching(/^[0-9a-f]{64}$/)

describeEachDatabase('calls in the audit log', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    stage = await createStage(await makeDatabase())
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  async function connected() {
    next += 1
    const who = { tenantId: `ten_calls_${next}`, userId: `usr_${next}` }
    const scopes = { gitlab: { required: ['api'] } }
    await stage.connect({ who, session: { scopes }, flow: { scopes: ['api'] } })
    await stage.calm()
    return who
  }
  type Who = Awaited<ReturnType<typeof connected>>

  const execute = (who: Who, tool: string, given: object, more = {}) =>
    stage.call<Problem>('POST', '/v1/tools/execute', { ...who, tool, arguments: given, ...more })

  /** Oldest first, as the route answers them. */
  async function entriesOf({ tenantId }: Who, action: string): Promise<AuditLogEntry[]> {
    const { body } = await stage.call<AuditPage>(
      'GET',
      `/v1/audit?${new URLSearchParams({ tenantId, action })}`,
    )
    return auditPageSchema.parse(body).entries.reverse()
  }
  const callsOf = async (who: Who, action: string) =>
    (await entriesOf(who, action)).map(({ call }) => call)

  const answering = (status: number, body: unknown) => answerProjects(stage, status, body)

  verifies('audit:tool-call', async () => {
    const who = await connected()
    await answering(404, { message: '404 File Not Found' })
    const file = { project_id: 'acme/api', file_path: 'src/a.ts', ref: 'main' }
    await execute(who, fileGet, file, { hints: false, agent: 'release-bot' })
    const asked = {
      tool: fileGet,
      effect: 'read',
      provider: 'gitlab',
      connectionName: 'default',
      host: stage.sandbox.url,
      target: file,
      argumentNames: expect.arrayContaining(Object.keys(file)),
      argumentsHash: hash,
      agent: 'release-bot',
    }
    const [intent, outcome] = await callsOf(who, 'tool.call')
    expect(intent).toEqual(asked)
    expect(outcome).toEqual({
      ...asked,
      argumentsHash: intent?.argumentsHash,
      outcome: {
        code: 'NOT_FOUND',
        refusedBy: 'provider',
        providerStatus: 404,
        providerRequestId: 'of-gitlab',
        requests: 1,
        totalMs: expect.any(Number),
        providerMs: expect.any(Number),
        bytesOut: 0,
        bytesIn: 32,
      },
    })
    // What is looked up beside it is a request, too.
    const issue = { project_id: 1, issue_iid: 4 }
    await execute(who, issueDelete, issue, { dryRun: true })
    const [, described] = (await callsOf(who, 'tool.call')).slice(2)
    expect(described).toMatchObject({
      effect: 'destroy',
      target: { project_id: '1', issue_iid: '4' },
      dryRun: true,
      outcome: { code: 'ok', requests: 1 },
    })
    await execute(who, issueDelete, issue, { approvalId: 'apr_01J00000000000000000000000' })
    await execute(who, fileGet, { project_id: 1, path: 'no such argument' })
    expect((await callsOf(who, 'tool.call')).slice(4)).toEqual([
      expect.objectContaining({
        tool: issueDelete,
        target: { project_id: '1', issue_iid: '4' },
        approvalId: 'apr_01J00000000000000000000000',
        outcome: { code: 'APPROVAL_REQUIRED', refusedBy: 'keywell' },
      }),
      // Refused before its arguments were known to be right.
      {
        tool: fileGet,
        effect: 'read',
        provider: 'gitlab',
        connectionName: 'default',
        host: stage.sandbox.url,
        outcome: { code: 'VALIDATION_ERROR', refusedBy: 'keywell' },
      },
    ])
  })

  verifies('audit:request', async () => {
    const who = await connected()
    await answering(201, { id: 1 })
    const body = { title: 'value of a field', labels: 'value of a field' }
    await stage.call('POST', '/v1/requests', {
      ...who,
      provider: 'gitlab',
      method: 'POST',
      path: '/api/v4/projects/1/issues',
      query: { confidential: 'value of a field' },
      body,
    })
    const asked = {
      effect: 'write',
      provider: 'gitlab',
      connectionName: 'default',
      host: stage.sandbox.url,
      target: { method: 'POST', path: '/api/v4/projects/1/issues' },
      argumentNames: ['confidential', 'title', 'labels'],
      argumentsHash: hash,
    }
    const calls = await callsOf(who, 'request.send')
    expect(calls).toEqual([
      asked,
      {
        ...asked,
        outcome: {
          code: 'ok',
          providerStatus: 201,
          providerRequestId: 'of-gitlab',
          requests: 1,
          totalMs: expect.any(Number),
          providerMs: expect.any(Number),
          bytesOut: JSON.stringify(body).length,
          bytesIn: 8,
        },
      },
    ])
    expect(JSON.stringify(calls)).not.toContain('value of a field')
  })

  verifies('audit:call-values', async () => {
    const who = await connected()
    const value = 'value-of-a-variable'
    await answering(201, { key: 'TOKEN', value, note: 'what came back' })
    const created = { project_id: 1, key: 'TOKEN', value }
    await execute(who, 'gitlab_project_variable_create', created)
    await execute(who, 'gitlab_issue_create', { project_id: 1, title: value, description: value })
    const rows = await entriesOf(who, 'tool.call')
    expect(rows.map(({ call }) => call?.argumentNames?.slice(0, 3))).toEqual([
      ...Array(2).fill(['project_id', 'key', 'value']),
      ...Array(2).fill(['project_id', 'title', 'description']),
    ])
    await until('all entries are linked', async () => {
      const waiting = await stage.database.query('select from audit_tail limit 1')
      return waiting.length === 0
    })
    const paths = [
      `/v1/audit/export?tenantId=${who.tenantId}`,
      `/v1/audit/export?tenantId=${who.tenantId}&format=ocsf`,
      `/v1/tenants/${who.tenantId}/export`,
    ]
    for (const path of paths) {
      const headers = { authorization: `Bearer ${stage.apiKey}` }
      const text = await (await fetch(stage.url + path, { headers })).text()
      expect(text, path).toContain('"argumentNames":["project_id","key","value"')
      expect(text, path).not.toContain(value)
      expect(text, path).not.toContain('what came back')
    }
  })
})
