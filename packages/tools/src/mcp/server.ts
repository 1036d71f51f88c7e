/**
 * An MCP server over the tools of one caller.
 *
 * ```ts
 * const handler = createMcpHandler(() => createMcpServer(tools, { name: 'keywell', version: '1' }))
 * ```
 */
import type { KeywellError } from '@keywell/protocol'
import {
  type CallToolResult,
  type InputRequiredResult,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { type Address, addressOf, askToOpen, canOpen, hasAnswered } from './elicitation.ts'
import { errorObjectOf } from './error-object.ts'
import { type McpAnswer, type McpTools, takeApproval } from './mcp-tools.ts'
import { reportProgress } from './progress.ts'

export interface McpServerOptions {
  readonly name: string
  readonly version: string
  /** Told to the model once. */
  readonly instructions?: string
  /** Milliseconds between two reports of progress, to clients that ask for them. Default: 5,000. */
  readonly progressMs?: number
  /** Clients can subscribe to changes of the list of tools. Default: false. */
  readonly announcesChanges?: boolean
  /** Whatever was thrown becomes an error with a code. */
  toError(error: unknown): KeywellError
}

/** One for each request, or for each connection: it holds nothing of another caller. */
export function createMcpServer(tools: McpTools, options: McpServerOptions): Server {
  const { name, version, instructions, announcesChanges: listChanged = false } = options
  const server = new Server(
    { name, version },
    {
      capabilities: { tools: listChanged ? { listChanged } : {} },
      ...(instructions !== undefined && { instructions }),
    },
  )
  server.setRequestHandler('tools/list', async () => ({ tools: [...(await tools.list())] }))
  server.setRequestHandler('tools/call', ({ params }, context) =>
    callTool({ server, tools, options }, params, context),
  )
  return server
}

interface Parts {
  readonly server: Server
  readonly tools: McpTools
  readonly options: McpServerOptions
}

interface Params {
  readonly name: string
  readonly arguments?: Record<string, unknown> | undefined
}

async function callTool(
  { server, tools, options }: Parts,
  { name, arguments: given = {} }: Params,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const { approvalId, ...taken } = takeApproval(given)
  const stopReporting = reportProgress(context, options.progressMs)
  try {
    const answer = await tools.call({
      name,
      ...taken,
      approvalId: approvalId ?? context.mcpReq.requestState<string>(),
      client: server.getClientVersion()?.name,
      signal: context.mcpReq.signal,
    })
    return resultOf(answer)
  } catch (thrown) {
    const error = options.toError(thrown)
    const address = addressOf(error)
    if (address !== undefined && canOpen(server, context) && !hasAnswered(context)) {
      return askToOpen(address)
    }
    return failureOf(name, error, address)
  } finally {
    stopReporting()
  }
}

/** What came back was written by anybody: a client that looks at `_meta` can tell it from words of ours. */
function resultOf({ structured, executionId }: McpAnswer): CallToolResult {
  return {
    content: [{ type: 'text', text: JSON.stringify(structured) }],
    structuredContent: structured,
    _meta: {
      'keywell/untrusted': true,
      ...(executionId !== undefined && { 'keywell/execution-id': executionId }),
    },
  }
}

/** A result and no protocol error, so that the model reads what to do now. */
function failureOf(
  name: string,
  error: KeywellError,
  address: Address | undefined,
): CallToolResult {
  const object = errorObjectOf(name, error)
  const open = address === undefined ? [] : [{ type: 'text', text: openText(address) } as const]
  return { isError: true, content: [{ type: 'text', text: JSON.stringify(object) }, ...open] }
}

function openText({ message, url }: Address): string {
  return `${message} ${url}`
}
