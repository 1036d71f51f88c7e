/** Through the official client, over streamable HTTP, in both versions of the protocol that are in use. */
import { KeywellError } from '@keywell/protocol'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, test } from 'vitest'
import { inputSchemaOf } from '../argument-schema.ts'
import { listTools } from '../catalogue.ts'
import { createMcpServer, type McpCall, type McpTools, searchedTools } from './index.ts'
import { mcpToolOf, objectSchema } from './mcp-tools.ts'

const version = { name: 'keywell', version: '1' }
const toError = (thrown: unknown): KeywellError =>
  thrown instanceof KeywellError ? thrown : new KeywellError('internal', 'It broke.')

const all = listTools('gitlab').map((tool) => ({
  name: tool.name,
  title: tool.title,
  description: tool.description,
  inputSchema: objectSchema(inputSchemaOf(tool)),
  annotations: { title: tool.title, readOnlyHint: tool.effect === 'read', openWorldHint: true },
})) as Awaited<ReturnType<McpTools['list']>>

const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

type Era = '2025-11-25' | '2026-07-28'
const eras: readonly Era[] = ['2025-11-25', '2026-07-28']

interface Setting {
  readonly era?: Era
  readonly capabilities?: object
  readonly progressMs?: number
}

async function connect(
  call: McpTools['call'],
  { era = '2026-07-28', capabilities = {}, progressMs = 5 }: Setting = {},
  wrap = (tools: McpTools) => tools,
): Promise<Client> {
  const tools = wrap({ list: async () => all, call })
  const handler = createMcpHandler(() =>
    createMcpServer(tools, { ...version, toError, progressMs }),
  )
  const client = new Client(version, {
    capabilities,
    versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } },
  })
  clients.push(client)
  const fetch = (url: string | URL, init?: RequestInit) => handler.fetch(new Request(url, init))
  await client.connect(new StreamableHTTPClientTransport(new URL('http://mcp.test/mcp'), { fetch }))
  return client
}

const answer = async ({ name, arguments: given }: McpCall) => ({
  structured: { data: [name, given] },
  executionId: 'exe_1',
})

function failing(code: 'SCOPE_MISSING' | 'APPROVAL_REQUIRED' | 'NOT_CONNECTED', more = {}) {
  return new KeywellError('not_connected', 'There is no connection.', {
    connectUrl: 'https://app.example/connect',
    tool: { name: 'gitlab_issues_list', code, refusedBy: 'keywell', ...more },
  })
}

describe.each(eras)('a client of %s', (era) => {
  test('lists every tool with its schema and annotations, in the order of the catalogue', async () => {
    const client = await connect(answer, { era })
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(all.map(({ name }) => name))
    expect(tools[0]).toMatchObject({
      title: all[0]?.title,
      inputSchema: { type: 'object' },
      annotations: { readOnlyHint: expect.any(Boolean) },
    })
  })

  test('gets an answer as structured content and as the same in text', async () => {
    const client = await connect(answer, { era })
    const result = await client.callTool({
      name: 'gitlab_issues_list',
      arguments: { state: 'opened' },
    })
    const data = { data: ['gitlab_issues_list', { state: 'opened' }] }
    expect(result.structuredContent).toEqual(data)
    expect(result.content).toEqual([{ type: 'text', text: JSON.stringify(data) }])
    expect(result.isError).toBeFalsy()
    expect(result._meta).toMatchObject({
      'keywell/execution-id': 'exe_1',
      'keywell/untrusted': true,
    })
  })

  test('gets a refusal as a result that says what to do, and not as an error of the protocol', async () => {
    const client = await connect(() => Promise.reject(failing('SCOPE_MISSING')), { era })
    const result = await client.callTool({ name: 'gitlab_issues_list', arguments: {} })
    expect(result.isError).toBe(true)
    expect(result.content[0]).toEqual({ type: 'text', text: expect.any(String) })
    const [first, second] = result.content as { text: string }[]
    expect(JSON.parse(first?.text ?? '')).toMatchObject({
      error: true,
      code: 'SCOPE_MISSING',
      tool_name: 'gitlab_issues_list',
      connect_url: 'https://app.example/connect',
    })
    expect(second?.text).toContain('https://app.example/connect')
  })

  test('learns nothing of an error that is not for it', async () => {
    const client = await connect(() => Promise.reject(new Error('password=hunter2')), { era })
    const result = await client.callTool({ name: 'gitlab_issues_list', arguments: {} })
    expect(result.isError).toBe(true)
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })

  test('is told at intervals that its call is under way', async () => {
    const progress: number[] = []
    const slow: McpTools['call'] = async (call) => {
      await expect.poll(() => progress.length).toBeGreaterThan(1)
      return answer(call)
    }
    const client = await connect(slow, { era })
    await client.callTool(
      { name: 'gitlab_issues_list', arguments: {} },
      { onprogress: (each) => progress.push(each.progress) },
    )
    expect(progress.slice(0, 2)).toEqual([1, 2])
  })

  test('repeats a call with the id of an approval among its arguments, which the tool never gets', async () => {
    const calls: McpCall[] = []
    const client = await connect(
      (call) => {
        calls.push(call)
        return answer(call)
      },
      { era },
    )
    await client.callTool({
      name: 'gitlab_issue_delete',
      arguments: { issue_iid: 1, keywell_approval_id: 'apr_1' },
    })
    expect(calls).toMatchObject([{ approvalId: 'apr_1', arguments: { issue_iid: 1 } }])
    expect(calls[0]?.arguments).not.toHaveProperty('keywell_approval_id')
  })
})

test('a client ends its call by cancelling it', async () => {
  const events: string[] = []
  const client = await connect(
    ({ signal }) =>
      new Promise((_, reject) => {
        events.push('begun')
        signal.addEventListener('abort', () => {
          events.push('aborted')
          reject(signal.reason)
        })
      }),
  )
  const stop = new AbortController()
  const call = client.callTool(
    { name: 'gitlab_issues_list', arguments: {} },
    { signal: stop.signal },
  )
  await expect.poll(() => events).toEqual(['begun'])
  stop.abort()
  await expect(call).rejects.toThrow()
  await expect.poll(() => events).toEqual(['begun', 'aborted'])
})

describe('a client that opens addresses', () => {
  const capabilities = { elicitation: { url: {} } }

  test('is asked to open the address that connects, and its call is made again', async () => {
    let isConnected = false
    const client = await connect(
      (call) => (isConnected ? answer(call) : Promise.reject(failing('NOT_CONNECTED'))),
      { capabilities },
    )
    const opened: unknown[] = []
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      opened.push(params)
      isConnected = true
      return { action: 'accept' }
    })
    const result = await client.callTool({ name: 'gitlab_issues_list', arguments: {} })
    expect(opened).toMatchObject([{ mode: 'url', url: 'https://app.example/connect' }])
    expect(result.isError).toBeFalsy()
  })

  test('repeats its call with the approval that was asked for', async () => {
    const approvals: unknown[] = []
    const more = { approvalId: 'apr_7', approvalUrl: 'https://app.example/approve/apr_7' }
    const client = await connect(
      (call) => {
        approvals.push(call.approvalId)
        return call.approvalId === 'apr_7'
          ? answer(call)
          : Promise.reject(failing('APPROVAL_REQUIRED', more))
      },
      { capabilities },
    )
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept' }))
    const result = await client.callTool({ name: 'gitlab_issue_delete', arguments: {} })
    expect(approvals).toEqual([undefined, 'apr_7'])
    expect(result.isError).toBeFalsy()
  })

  test.each(['accept', 'decline', 'cancel'] as const)(
    'is asked once: after "%s" a call that still fails is a result',
    async (action) => {
      let asked = 0
      const client = await connect(() => Promise.reject(failing('NOT_CONNECTED')), { capabilities })
      client.setRequestHandler('elicitation/create', async () => {
        asked += 1
        return { action }
      })
      const result = await client.callTool({ name: 'gitlab_issues_list', arguments: {} })
      expect(asked).toBe(1)
      expect(result.isError).toBe(true)
    },
  )

  test('is not asked for what no person can open', async () => {
    const client = await connect(
      () => Promise.reject(new KeywellError('unavailable', 'Not now.', { retryAfterMs: 1_500 })),
      { capabilities },
    )
    const result = await client.callTool({ name: 'gitlab_issues_list', arguments: {} })
    const [first] = result.content as { text: string }[]
    expect(JSON.parse(first?.text ?? '')).toMatchObject({ code: 'unavailable', retry_after: 1.5 })
  })
})

test('nobody is offered an input that opens nothing: only a tool that waits for a person takes an approval', () => {
  const view = {
    ...all[0],
    inputSchema: { type: 'object', properties: {} },
    outputSchema: { type: 'object' },
  } as never
  expect(mcpToolOf(view).inputSchema.properties).toEqual({})
  expect(
    mcpToolOf({ ...(view as object), needsApproval: true } as never).inputSchema,
  ).toMatchObject({
    properties: { keywell_approval_id: { type: 'string' } },
  })
})

describe('the search profile', () => {
  test('has two tools: what the first finds, the second runs', async () => {
    const client = await connect(answer, {}, searchedTools)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['search_tools', 'run_tool'])
    const found = await client.callTool({
      name: 'search_tools',
      arguments: { query: 'list the issues of a project' },
    })
    const names = (found.structuredContent as { tools: { name: string }[] }).tools.map(
      (tool) => tool.name,
    )
    expect(names).toHaveLength(5)
    expect(names).toContain('gitlab_issues_list')
    const result = await client.callTool({
      name: 'run_tool',
      arguments: { tool: names[0], arguments: { state: 'opened' } },
    })
    expect(result.structuredContent).toEqual({ data: [names[0], { state: 'opened' }] })
  })

  test('runs a tool again with an approval where the schema that was found has it', async () => {
    const calls: McpCall[] = []
    const call: McpTools['call'] = (each) => {
      calls.push(each)
      return answer(each)
    }
    const client = await connect(call, {}, searchedTools)
    const given = { issue_iid: 1, keywell_approval_id: 'apr_1' }
    const tool = 'gitlab_issue_delete'
    await client.callTool({ name: 'run_tool', arguments: { tool, arguments: given } })
    expect(calls).toMatchObject([{ name: tool, approvalId: 'apr_1' }])
    expect(calls[0]?.arguments).toEqual({ issue_iid: 1 })
  })

  test('finds nothing for words that no tool has', async () => {
    const client = await connect(answer, {}, searchedTools)
    const found = await client.callTool({ name: 'search_tools', arguments: { query: 'zzz' } })
    expect(found.structuredContent).toEqual({ tools: [], found: 0 })
  })
})
