/**
 * The tools of one user, as the adapters for agent frameworks need them: a list with real schemas, and calls whose
 * failure is a result for the model.
 */
import {
  type AgentError,
  agentErrorOf,
  type ErrorCode,
  isKeywellError,
  KeywellError,
  type ToolAnswer,
  type ToolErrorCode,
  type ToolView,
} from '@keywell/protocol'
import type { ExecuteOptions, ListScoped, ToolArguments } from '../tools/calls.ts'

/** A tool as an adapter needs it; the service answers more. */
export type AgentTool = Pick<ToolView, 'name' | 'description' | 'inputSchema'> &
  Partial<Pick<ToolView, 'title' | 'annotations' | 'connectionName'>>

/** Where tools come from: `user.tools`, or anything that lists and executes. */
export interface ToolSource {
  listScoped(query: ListScoped): AsyncIterable<AgentTool> | Iterable<AgentTool>
  execute(name: string, args: ToolArguments, options: ExecuteOptions): Promise<ToolAnswer>
}

export interface ToolsetOptions extends Pick<ListScoped, 'filter' | 'includeUnavailable'> {
  /** What the app calls its agent, for the audit log. */
  readonly agent?: string | undefined
  /**
   * Your id of the conversation, in which the ids of the model's calls are unique. With it a change is made once: a
   * framework that repeats a step, with the same call in it, gets the first result. Default: each call is a new one.
   */
  readonly conversationId?: string | undefined
  /**
   * Called where a person has to act: the account is to be connected or connected again, a scope is missing, or the
   * call waits for an approval. Show `error.connectUrl` or `error.tool.approvalUrl`. The model gets the error; with
   * `true`, at once or when a promise resolves, the call is made once more first, with its approval.
   */
  readonly onInterrupt?: ((error: KeywellError) => unknown) | undefined
}

/** A call as a model made it. */
export interface AgentCall {
  readonly name: string
  /** An object, or the text of one. */
  readonly args: unknown
  /** As the model named it. */
  readonly callId?: string | undefined
  readonly approvalId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a model gets. */
export type AgentResult =
  | { readonly isError: false; readonly content: Omit<ToolAnswer, 'executionId' | 'replayed'> }
  | { readonly isError: true; readonly content: AgentError }

export interface Toolset {
  readonly tools: readonly AgentTool[]
  has(name: string): boolean
  /**
   * Runs a tool of the list, and no other. Throws what no model can do anything about: the service is away, or refuses
   * the API key.
   */
  call(call: AgentCall): Promise<AgentResult>
}

/** @throws TypeError where a tool can be run with several connections and none is named */
export async function toolsetOf(
  source: ToolSource,
  { onInterrupt, agent, conversationId, ...query }: ToolsetOptions = {},
): Promise<Toolset> {
  const tools = await listTools(source, query)
  const run = async ({ name, args, callId, ...options }: AgentCall): Promise<AgentResult> => {
    const tool = tools.get(name)
    if (tool === undefined) throw refused(name, 'TOOL_NOT_FOUND', 'unknown_tool', unknownTool)
    const { connectionName } = tool
    const answer = await source.execute(name, argumentsOf(name, args), {
      connectionName,
      agent,
      idempotencyKey: await keyOf(conversationId, callId),
      ...options,
    })
    const { executionId: _executionId, replayed: _replayed, ...content } = answer
    return { isError: false, content }
  }
  return {
    tools: [...tools.values()],
    has: (name) => tools.has(name),
    call: async (call) => {
      try {
        return await run(call)
      } catch (error) {
        const approvalId = approvalOf(error) ?? call.approvalId
        const again = isInterrupt(error) && (await onInterrupt?.(error)) === true
        if (!again) return resultOf(error)
        return run({ ...call, approvalId }).catch(resultOf)
      }
    },
  }
}

/** A hash, since the ids of a framework may be of any form. */
async function keyOf(
  conversationId: string | undefined,
  callId: string | undefined,
): Promise<string | undefined> {
  if (conversationId === undefined || callId === undefined) return undefined
  const named = new TextEncoder().encode(JSON.stringify([conversationId, callId]))
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', named))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const unknownTool = 'There is no such tool here.'

/** All pages. Where a user has several connections, the one named `default` counts, as it does for a call. */
async function listTools(
  source: ToolSource,
  query: ListScoped,
): Promise<ReadonlyMap<string, AgentTool>> {
  const tools = new Map<string, AgentTool>()
  for await (const tool of source.listScoped({ pageSize: 200, ...query })) {
    const other = tools.get(tool.name)
    if (other === undefined || tool.connectionName === 'default') tools.set(tool.name, tool)
    else if (other.connectionName !== 'default') {
      throw new TypeError(
        `Keywell: "${tool.name}" can be run with the connections "${other.connectionName}" and ` +
          `"${tool.connectionName}". Name one in filter.connectionNames.`,
      )
    }
  }
  return tools
}

function argumentsOf(name: string, given: unknown): ToolArguments {
  const args = typeof given === 'string' ? parse(given) : (given ?? {})
  if (typeof args === 'object' && args !== null && !Array.isArray(args)) {
    return Object.fromEntries(Object.entries(args))
  }
  throw refused(name, 'VALIDATION_ERROR', 'invalid_request', 'The arguments are no JSON object.')
}

function parse(text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    return undefined
  }
}

function refused(
  name: string,
  code: ToolErrorCode,
  errorCode: ErrorCode,
  detail: string,
): KeywellError {
  const nextStep = 'Call one of the tools that are listed, with arguments that fit its schema.'
  return new KeywellError(errorCode, detail, {
    nextStep,
    tool: { name, code, refusedBy: 'keywell' },
  })
}

/** Codes that end when a person has acted. */
const interrupts: readonly ToolErrorCode[] = [
  'NOT_CONNECTED',
  'NEEDS_REAUTH',
  'SCOPE_MISSING',
  'APPROVAL_REQUIRED',
]

function isInterrupt(error: unknown): error is KeywellError {
  return isKeywellError(error) && error.tool !== undefined && interrupts.includes(error.tool.code)
}

function approvalOf(error: unknown): string | undefined {
  return isKeywellError(error) ? error.tool?.approvalId : undefined
}

function resultOf(error: unknown): AgentResult {
  const content = isKeywellError(error) ? agentErrorOf(error) : undefined
  if (content === undefined) throw error
  return { isError: true, content }
}
