import { randomBytes } from 'node:crypto'
import {
  errorCodeOf,
  executeToolSchema,
  KeywellError,
  listScopedToolsSchema,
  listToolsSchema,
  makeId,
  providerRequestSchema,
  scopedToolListSchema,
  type ToolErrorCode,
  type ToolFailure,
  type ToolView,
  toolListSchema,
  toolResultSchema,
} from '@keywell/protocol'
import { findTool, inputSchemaOf, readArguments, type ToolDefinition } from '@keywell/tools'

interface Issue {
  iid: number
  title: string
  state: 'opened'
}

/** A call as the service got it. */
interface Got {
  method: string
  path: string
  query: Record<string, string>
  headers: Headers
  body: Record<string, unknown>
}

/**
 * A stand-in for the routes of tools, for what the real service cannot be made to do on request. It reads calls and
 * arguments by the same schemas, and has a project with issues.
 */
export class StandInTools {
  readonly issues: Issue[] = [{ iid: 1, title: 'Login fails on Safari', state: 'opened' }]
  /** Every call, in order. */
  readonly got: Got[] = []
  /** Answers a call of a tool instead of the project, when set. */
  onExecute: ((call: { tool: string; approvalId: string | undefined }) => unknown) | undefined
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.startsWith('/v1/changes')) return new Response(null, { status: 502 })
    const text = await request.text()
    const got = {
      method: request.method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: request.headers,
      body: text === '' ? {} : JSON.parse(text),
    }
    this.got.push(got)
    try {
      const answer = await this.#answer(got)
      request.signal.throwIfAborted()
      return Response.json(answer)
    } catch (error) {
      if (!(error instanceof KeywellError)) throw error
      return Response.json(error.toProblem(makeId('request', randomBytes(10), Date.now())), {
        status: error.status,
        headers: { 'content-type': 'application/problem+json' },
      })
    }
  }

  /** Names of the tools that were run, in order. */
  get executed(): unknown[] {
    return this.got.filter(({ path }) => path === '/v1/tools/execute').map(({ body }) => body.tool)
  }

  async #answer({ method, path, query, body }: Got): Promise<unknown> {
    switch (`${method} ${path}`) {
      case 'GET /v1/tools': {
        const { names, ...page } = listToolsSchema.parse(query)
        return toolListSchema.parse(pageOf(views(names?.split(',')), page))
      }
      case 'POST /v1/tools/list-scoped': {
        const { filter, ...page } = listScopedToolsSchema.parse(body)
        const tools = views(filter?.toolNames).map((view) => ({
          ...view,
          connectionId: makeId('connection', randomBytes(10), Date.now()),
          connectionName: filter?.connectionNames?.includes('work') ? 'work' : 'default',
        }))
        return scopedToolListSchema.parse({ ...pageOf(tools, page), unavailable: [] })
      }
      case 'POST /v1/tools/execute':
        return this.#execute(executeToolSchema.parse(body))
      case 'POST /v1/requests':
        return {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: providerRequestSchema.parse(body),
          executionId: 'exe_1',
        }
      default:
        throw new KeywellError('not_found', 'There is no such route.')
    }
  }

  async #execute(call: ReturnType<typeof executeToolSchema.parse>): Promise<unknown> {
    const tool = findTool(call.tool)
    if (tool === undefined) throw refusal(call.tool, 'TOOL_NOT_FOUND', 'There is no such tool.')
    const own = await this.onExecute?.({ tool: call.tool, approvalId: call.approvalId })
    if (own !== undefined) return own
    const read = readArguments(tool, call.arguments)
    if ('issues' in read) {
      const issues = [...read.issues]
      throw refusal(tool.name, 'VALIDATION_ERROR', 'Arguments do not fit.', { issues })
    }
    if (tool.effect === 'read') return resultOf(this.issues, { total: this.issues.length })
    const title = String(read.arguments.title)
    const issue: Issue = { iid: this.issues.length + 1, title, state: 'opened' }
    this.issues.push(issue)
    return resultOf(issue)
  }
}

/** What a tool takes, as it is listed. */
export function schemaOf(name: string): ToolView['inputSchema'] {
  const [view] = views([name])
  if (view === undefined) throw new Error(`there is no tool ${name}`)
  return view.inputSchema
}

/** An error of a tool call, as the service answers it. */
export function refusal(
  name: string,
  code: ToolErrorCode,
  detail: string,
  more: Partial<ToolFailure> & { connectUrl?: string } = {},
): KeywellError {
  const { connectUrl, refusedBy = 'keywell', ...failure } = more
  return new KeywellError(errorCodeOf(code, refusedBy), detail, {
    connectUrl,
    tool: { name, code, refusedBy, ...failure },
  })
}

function resultOf(data: unknown, more: { total?: number } = {}): unknown {
  return toolResultSchema.parse({ data, executionId: 'exe_1', ...more })
}

const offered = ['gitlab_issues_list', 'gitlab_issue_create', 'gitlab_issue_delete']

function views(names: readonly string[] = offered): ToolView[] {
  return offered.filter((name) => names.includes(name)).flatMap((name) => viewOf(findTool(name)))
}

function viewOf(tool: ToolDefinition | undefined): ToolView[] {
  if (tool === undefined) return []
  const { name, group, title, description, effect, scopes } = tool
  return [
    {
      name,
      provider: 'gitlab',
      group,
      title,
      description,
      inputSchema: { ...inputSchemaOf(tool) },
      outputSchema: { type: 'object' },
      annotations: { title, readOnlyHint: effect === 'read', openWorldHint: true },
      scopes: [...scopes],
    },
  ]
}

function pageOf(
  tools: readonly ToolView[],
  {
    pageSize = 50,
    pageToken = '0',
  }: { pageSize?: number | undefined; pageToken?: string | undefined },
) {
  const end = Number(pageToken) + pageSize
  return {
    tools: tools.slice(Number(pageToken), end),
    totalSize: tools.length,
    ...(end < tools.length && { nextPageToken: String(end) }),
  }
}
