import { expect, onTestFinished, test } from 'vitest'
import { refusal, StandInTools } from '../../../../test/support/stand-in-tools.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { Keywell, type KeywellOptions } from '../index.ts'

const who = { tenantId: 'org_acme', userId: 'user_123' }
const project = { project_id: 'acme/api' }

function open(options: KeywellOptions = {}) {
  const service = new StandInTools()
  const keywell = new Keywell({
    url: 'http://127.0.0.1:1',
    apiKey: 'kw_test_key',
    fetch: service.fetch,
    retries: 0,
    ...options,
  })
  onTestFinished(() => keywell.close())
  return { service, keywell, last: () => service.got.at(-1) }
}

verifies('sdk:tools', async () => {
  const { keywell, last } = open()
  const options = { connectionName: 'work', dryRun: false, timeoutMs: 5000, agent: 'triage' }
  const call = { ...who, ...options, idempotencyKey: 'key-1' }
  const { data, total } = await keywell.tools.execute('gitlab_issues_list', project, call)
  expect(data).toEqual([{ iid: 1, title: 'Login fails on Safari', state: 'opened' }])
  expect(total).toBe(1)
  expect(last()?.body).toEqual({
    ...who,
    ...options,
    tool: 'gitlab_issues_list',
    arguments: project,
  })
  expect(last()?.headers.get('idempotency-key')).toBe('key-1')

  const made = await keywell.forUser(who).tools.execute<{ iid: number }>('gitlab_issue_create', {
    ...project,
    title: 'Log in with a passkey',
  })
  expect(made.data.iid).toBe(2)
  expect(last()?.body).toMatchObject(who)
})

test('the connection of a tenant runs tools, too', async () => {
  const { keywell, last } = open()
  const owner = { tenantId: 'org_acme', owner: 'tenant' } as const
  await keywell.tools.execute('gitlab_issues_list', project, owner)
  expect(last()?.body).toMatchObject(owner)
})

verifies('sdk:tools-errors', async () => {
  const { service, keywell } = open()
  service.onExecute = ({ tool }) => {
    const connectUrl = 'https://app.example/connect'
    throw refusal(tool, 'NOT_CONNECTED', 'The user has not connected GitLab.', { connectUrl })
  }
  const run = keywell.tools.execute('gitlab_issues_list', project, who)
  await expect(run).rejects.toMatchObject({
    name: 'KeywellError',
    code: 'not_connected',
    connectUrl: 'https://app.example/connect',
    tool: { name: 'gitlab_issues_list', code: 'NOT_CONNECTED', refusedBy: 'keywell' },
  })
  service.onExecute = undefined
  const odd = keywell.tools.execute('gitlab_issues_list', { project: 'acme/api' }, who)
  await expect(odd).rejects.toMatchObject({
    code: 'invalid_request',
    tool: { code: 'VALIDATION_ERROR', issues: expect.arrayContaining([expect.anything()]) },
  })
})

verifies('sdk:tools-listed', async () => {
  const { keywell, service, last } = open()
  const filter = { toolNames: ['gitlab_issues_list', 'gitlab_issue_create'] }
  const names: string[] = []
  for await (const { name } of keywell.tools.listScoped(who, { filter, pageSize: 1 })) {
    names.push(name)
  }
  expect(names).toEqual(filter.toolNames)
  expect(service.got.map(({ body }) => body.pageToken)).toEqual([undefined, '1'])
  expect(last()?.body).toMatchObject({ ...who, filter, pageSize: 1 })

  const [first] = (await keywell.forUser(who).tools.listAvailable()).tools
  expect(first).toMatchObject({ name: 'gitlab_issues_list', connectionName: 'default' })
  expect(first?.inputSchema).toMatchObject({ type: 'object', required: ['project_id'] })

  const catalogue = await keywell.tools.list({ filter: { ...filter, effect: 'read' } })
  expect(catalogue.tools).toHaveLength(2)
  expect(last()?.query).toEqual({ names: filter.toolNames.join(','), effect: 'read' })
})

verifies('sdk:tools-other-spelling', async () => {
  const { keywell } = open({ tenantId: 'org_acme' })
  const { tools, toolNames } = await keywell.tools.listScopedTools('user_123', {
    filter: { connectionNames: ['gitlab'], toolNames: ['gitlab_issues_list'] },
    pageSize: 100,
  })
  expect(toolNames).toEqual(['gitlab_issues_list'])
  const definition = tools[0]?.tool.definition
  expect(definition?.description).toContain('issue')
  expect(definition?.input_schema).toBe(definition?.inputSchema)
  expect(tools[0]).toMatchObject({ identifier: 'user_123', connection: 'default' })

  const toolName = 'gitlab_issues_list'
  const asParams = { toolName, identifier: 'user_123', params: project }
  expect((await keywell.tools.executeTool(asParams)).data).toHaveLength(1)
  const asInput = { toolName, identifier: who, toolInput: project }
  expect((await keywell.actions.executeTool(asInput)).data).toHaveLength(1)
  const both = keywell.tools.executeTool({ ...asParams, toolInput: project })
  await expect(both).rejects.toThrow(TypeError)
})

test('the id of a user alone is refused before anything is sent where there is no tenant', async () => {
  const { keywell, service } = open()
  expect(() => keywell.tools.listAvailable('user_123')).toThrow(/KEYWELL_TENANT_ID/)
  const run = keywell.tools.executeTool({ toolName: 'gitlab_issues_list', identifier: 'user_123' })
  await expect(run).rejects.toThrow(TypeError)
  expect(service.got).toEqual([])
})

test('a call of a tool has the time of the tool, and that of any other call', async () => {
  const { keywell, service } = open({ requestTimeoutMs: 20 })
  service.onExecute = () => new Promise((resolve) => setTimeout(resolve, 60))
  const slow = keywell.tools.execute('gitlab_issues_list', project, { ...who, timeoutMs: 2000 })
  expect((await slow).data).toHaveLength(1)
  const short = keywell.tools.execute('gitlab_issues_list', project, { ...who, timeoutMs: 10 })
  await expect(short).rejects.toThrow(/within 30 ms/)
})

verifies('sdk:request', async () => {
  const { keywell, last } = open()
  const init = { method: 'POST', query: { per_page: 2 }, body: { title: 'x' } } as const
  const answer = await keywell.forUser(who).request('gitlab', '/api/v4/projects', init)
  expect(answer).toMatchObject({ status: 200, executionId: 'exe_1' })
  expect(last()).toMatchObject({ path: '/v1/requests' })
  expect(last()?.body).toEqual({ ...who, ...init, provider: 'gitlab', path: '/api/v4/projects' })
})
