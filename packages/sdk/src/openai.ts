/**
 * Tools for the API of OpenAI, and for others that speak like it:
 *
 *     import { openaiTools } from '@keywell/sdk/openai'
 *
 *     const gitlab = await openaiTools(keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const response = await openai.responses.create({ model, input, tools: gitlab.tools })
 *     input.push(...response.output, ...(await gitlab.runAll(response.output)))
 */
import { eachCall } from './agents/each-call.ts'
import {
  type AgentTool,
  type ToolSource,
  type ToolsetOptions,
  toolsetOf,
} from './agents/toolset.ts'

export type { ToolSource, ToolsetOptions }

/** Of one call. */
export interface RunOptions {
  /** Of an approval that a person has given to this very call. */
  readonly approvalId?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What `run` takes and answers, and `runAll` for all calls of an answer of the model. */
interface Runner<Tool, Call, Output, Answer> {
  readonly tools: Tool[]
  /** Whether a call is for one of these; an app with functions of its own asks before it runs them. */
  has(name: string): boolean
  /** A failed call is an output, too: it says what to do. */
  run(call: Call, options?: RunOptions): Promise<Output>
  /** One after the other. A call of a tool that is not among these is answered, too. */
  runAll(answer: Answer, options?: Pick<RunOptions, 'signal'>): Promise<Output[]>
}

export interface OpenaiTool {
  type: 'function'
  name: string
  description: string
  parameters: Record<string, unknown>
  /** The schemas have optional parameters, which strict mode has not. */
  strict: false
}
export interface OpenaiCall {
  readonly call_id: string
  readonly name: string
  readonly arguments: string
}
export interface OpenaiOutput {
  type: 'function_call_output'
  call_id: string
  output: string
}
export type OpenaiTools = Runner<
  OpenaiTool,
  OpenaiCall,
  OpenaiOutput,
  readonly { readonly type: string }[]
>

/** For `openai.responses.create`. */
export async function openaiTools(
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<OpenaiTools> {
  const toolset = await toolsetOf(source, options)
  const run: OpenaiTools['run'] = async (call, { approvalId, signal } = {}) => {
    const { name, call_id, arguments: args } = call
    const { content } = await toolset.call({ name, args, callId: call_id, approvalId, signal })
    return { type: 'function_call_output', call_id, output: JSON.stringify(content) }
  }
  return {
    tools: toolset.tools.map((tool) => ({ type: 'function', ...functionOf(tool), strict: false })),
    has: toolset.has,
    run,
    runAll: (output, runOptions) =>
      eachCall(output.filter(isFunctionCall), (call) => run(call, runOptions)),
  }
}

function isFunctionCall<Item extends { readonly type: string }>(
  item: Item,
): item is Item & OpenaiCall {
  return item.type === 'function_call'
}

export interface OpenaiChatTool {
  type: 'function'
  function: { name: string; description: string; parameters: Record<string, unknown> }
}
export interface OpenaiChatCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}
export interface OpenaiChatOutput {
  role: 'tool'
  tool_call_id: string
  content: string
}
export type OpenaiChatTools = Runner<
  OpenaiChatTool,
  OpenaiChatCall,
  OpenaiChatOutput,
  { readonly tool_calls?: readonly { readonly id: string; readonly type: string }[] | null }
>

/** For `openai.chat.completions.create`. `runAll` takes the message of a choice. */
export async function openaiChatTools(
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<OpenaiChatTools> {
  const toolset = await toolsetOf(source, options)
  const run: OpenaiChatTools['run'] = async (call, { approvalId, signal } = {}) => {
    const { name, arguments: args } = call.function
    const { content } = await toolset.call({ name, args, callId: call.id, approvalId, signal })
    return { role: 'tool', tool_call_id: call.id, content: JSON.stringify(content) }
  }
  return {
    tools: toolset.tools.map((tool) => ({ type: 'function', function: functionOf(tool) })),
    has: toolset.has,
    run,
    runAll: ({ tool_calls }, runOptions) =>
      eachCall((tool_calls ?? []).filter(isChatCall), (call) => run(call, runOptions)),
  }
}

function isChatCall<Call extends { readonly type: string }>(
  call: Call,
): call is Call & OpenaiChatCall {
  return call.type === 'function'
}

function functionOf({ name, description, inputSchema }: AgentTool): OpenaiChatTool['function'] {
  return { name, description, parameters: inputSchema }
}
