import { KeywellError } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { findTool, gitlabTools, inputSchemaOf } from '../index.ts'
import {
  approvalArgument,
  compactTools,
  errorObjectOf,
  type McpTool,
  type McpTools,
} from '../mcp/index.ts'

interface Sent {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

const viewOf = (name: string): McpTool => {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`There is no tool ${name}.`)
  const { title, description } = tool
  return {
    ...{ name, title, description },
    inputSchema: { ...inputSchemaOf(tool), type: 'object' },
    annotations: { title, readOnlyHint: tool.effect === 'read', openWorldHint: true },
  }
}

/** The profile in front of tools that answer what the test says. */
function profile({
  answer = { data: {} },
  names = gitlabTools.map(({ name }) => name),
  defaultPlaces = {},
}: {
  answer?: Record<string, unknown> | KeywellError
  names?: readonly string[]
  defaultPlaces?: Record<string, string>
} = {}) {
  const sent: Sent[] = []
  const inner: McpTools = {
    list: async () => names.map(viewOf),
    async call(call) {
      sent.push({ name: call.name, arguments: call.arguments })
      if (answer instanceof KeywellError) throw answer
      return { structured: answer, executionId: 'exe_1' }
    },
  }
  const tools = compactTools(inner, { provider: 'gitlab', defaultPlaces })
  const { signal } = new AbortController()
  const call = async (name: string, given: Record<string, unknown>) =>
    tools.call({ name, arguments: given, signal })
  return { tools, sent, call }
}

/** What each takes; `!` where it is required. */
const takes: Readonly<Record<string, string>> = {
  list_mrs: 'project_id state page per_page',
  get_mr: 'project_id mr_iid!',
  get_mr_diffs: 'project_id mr_iid! page per_page',
  get_mr_commits: 'project_id mr_iid! page per_page',
  get_mr_pipelines: 'project_id mr_iid! page per_page',
  create_mr:
    'project_id title! source_branch! target_branch! description assignee_ids reviewer_ids labels',
  update_mr: 'project_id mr_iid! title description assignee_ids reviewer_ids labels state_event',
  list_issues: 'project_id state labels assignee_id page per_page',
  get_issue: 'project_id issue_iid!',
  list_issue_comments: 'project_id issue_iid! page per_page',
  create_issue: 'project_id title! description assignee_ids labels milestone_id',
  update_issue: 'project_id issue_iid! title description assignee_ids labels state_event',
  add_issue_comment: 'project_id issue_iid! body!',
  list_pipelines: 'project_id status ref page per_page',
  get_pipeline: 'project_id pipeline_id!',
  get_pipeline_jobs: 'project_id pipeline_id! page per_page',
  get_job_log: 'project_id job_id! max_bytes',
  search: 'query! scope! project_id group_id page per_page',
}

verifies.suite('tools:compact', () => {
  test('it has 18 tools, of which 13 read, and each takes what it should', async () => {
    const list = await profile().tools.list()
    expect(list.filter(({ annotations }) => annotations.readOnlyHint)).toHaveLength(13)
    const taken = list.map(({ name, inputSchema }) => {
      const required = new Set(Array.isArray(inputSchema.required) ? inputSchema.required : [])
      const names = Object.keys(Object(inputSchema.properties))
      return [name, names.map((each) => (required.has(each) ? `${each}!` : each)).join(' ')]
    })
    expect(Object.fromEntries(taken)).toEqual(takes)
  })

  test('the tool behind gets the arguments under its own names', async () => {
    const { call, sent } = profile()
    await call('update_mr', { project_id: 7, mr_iid: '3', labels: ['bug', 'login'] })
    await call('get_mr', { project_id: 'acme/api', merge_request_iid: 3 })
    expect(sent).toEqual([
      {
        name: 'gitlab_merge_request_update',
        arguments: { project_id: '7', merge_request_iid: 3, labels: ['bug', 'login'] },
      },
      {
        name: 'gitlab_merge_request_get',
        arguments: { project_id: 'acme/api', merge_request_iid: 3 },
      },
    ])
  })

  test('a list has its page around it, and of each item the fields that count', async () => {
    const mr = { id: 9, iid: 3, title: 'Fix login', state: 'opened', author: { id: 1 }, sha: 'c0' }
    const answer = { data: [mr], nextPage: 3, total: 41 }
    const { structured, executionId } = await profile({ answer }).call('list_mrs', { page: 2 })
    const { sha, ...kept } = mr
    expect(structured).toEqual({
      ...{ items: [kept], page: 2, per_page: 20, next_page: 3, total: 41, total_pages: 3 },
    })
    expect(executionId).toBe('exe_1')
    const last = await profile({ answer: { data: [] } }).call('list_mrs', {
      page: -1,
      per_page: 900,
    })
    expect(last.structured).toEqual({ items: [], page: 1, per_page: 100, next_page: null })
  })

  test('one thing has the fields that count, and a log says where it was cut', async () => {
    const pipeline = { id: 5, status: 'failed', coverage: null, before_sha: '00', duration: 61 }
    const { structured } = await profile({ answer: { data: pipeline } }).call('get_pipeline', {
      pipeline_id: 5,
    })
    expect(structured).toEqual({ id: 5, status: 'failed', coverage: null, duration: 61 })
    const log = { content: 'failed', truncated: true, byte_count: 90_000, kept: 'end' }
    const cut = await profile({ answer: { data: log, truncated: true } }).call('get_job_log', {
      job_id: 5,
    })
    expect(cut.structured).toEqual({ content: 'failed', truncated: true, byte_count: 90_000 })
  })

  const text = { query: 'login', scope: 'issues' }
  const both = { project: 'acme/api', group: 'acme' }
  test.each([
    [{ project_id: 7, group_id: 8 }, {}, 'gitlab_project_search', { project_id: '7' }],
    [{ group_id: 8 }, both, 'gitlab_group_search', { group_id: '8' }],
    [{}, both, 'gitlab_project_search', {}],
    [{}, { group: 'acme' }, 'gitlab_group_search', {}],
    [{}, {}, 'gitlab_global_search', {}],
  ])('a search with %o and the defaults %o is %s', async (given, defaultPlaces, name, place) => {
    const { call, sent } = profile({ answer: { data: [{ iid: 4 }] }, defaultPlaces })
    const { structured } = await call('search', { ...text, ...given })
    expect(sent).toEqual([{ name, arguments: { search: 'login', scope: 'issues', ...place } }])
    expect(structured.items).toEqual([{ type: 'issues', data: { iid: 4 } }])
  })

  test('a refusal has the names of the profile', async () => {
    const refusal = new KeywellError(
      'not_allowed_for_tenant',
      'gitlab_merge_request_create changes something.',
      {
        nextStep: 'Use gitlab_merge_requests_list.',
        tool: { name: 'gitlab_merge_request_create', code: 'READ_ONLY', refusedBy: 'keywell' },
      },
    )
    const given = { title: 'x', source_branch: 'a', target_branch: 'b' }
    const error = await profile({ answer: refusal })
      .call('create_mr', given)
      .catch((thrown) => thrown)
    expect(errorObjectOf('create_mr', error)).toEqual({
      error: true,
      code: 'READ_ONLY',
      message: 'create_mr changes something.',
      tool_name: 'create_mr',
      suggestion: 'Use list_mrs.',
    })
  })
})

test('arguments are checked before anything is called', async () => {
  const { call, sent } = profile()
  await expect(call('get_mr', { mr_id: 3 })).rejects.toMatchObject({
    tool: { name: 'get_mr', code: 'VALIDATION_ERROR' },
    detail: expect.stringContaining('Did you mean mr_iid?'),
  })
  await expect(call('list_mr', {})).rejects.toMatchObject({
    tool: { code: 'TOOL_NOT_FOUND', similar: expect.arrayContaining(['list_mrs']) },
  })
  // The profile is all that there is.
  await expect(call('gitlab_issues_list', {})).rejects.toMatchObject({ code: 'unknown_tool' })
  expect(sent).toEqual([])
})

test('a tool is listed where the one behind it is, and asks for an approval where that does', async () => {
  const { tools } = profile({ names: ['gitlab_pipelines_list', 'gitlab_project_search'] })
  expect((await tools.list()).map(({ name }) => name)).toEqual([
    'get_mr_pipelines',
    'list_pipelines',
    'search',
  ])
  const behind = viewOf('gitlab_issue_create')
  const properties = {
    ...Object(behind.inputSchema.properties),
    [approvalArgument]: { type: 'string' },
  }
  const asking = { ...behind, inputSchema: { ...behind.inputSchema, properties } }
  const inner: McpTools = {
    list: async () => [asking],
    call: async () => ({ structured: {} }),
  }
  const [tool] = await compactTools(inner, { provider: 'gitlab', defaultPlaces: {} }).list()
  expect(tool?.inputSchema.properties).toHaveProperty(approvalArgument)
})

test('a provider without the profile has none', async () => {
  const inner: McpTools = { list: async () => [], call: async () => ({ structured: {} }) }
  const tools = compactTools(inner, { provider: 'github', defaultPlaces: {} })
  expect(await tools.list()).toEqual([])
})
