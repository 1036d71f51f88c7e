/**
 * Tools for the API of Anthropic:
 *
 *     import { anthropicTools } from '@keywell/sdk/anthropic'
 *
 *     const gitlab = await anthropicTools(keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const message = await anthropic.messages.create({ model, max_tokens, messages, tools: gitlab.tools })
 *     messages.push(message, { role: 'user', content: await gitlab.runAll(message.content) })
 */
import { eachCall } from './agents/each-call.ts'
import { type ToolSource, type ToolsetOptions, toolsetOf } from './agents/toolset.ts'

export type { ToolSource, ToolsetOptions }

export interface AnthropicTool {
  name: string
  description: string
  input_schema: { type: 'object'; [keyword: string]: unknown }
}
export interface AnthropicCall {
  readonly id: string
  readonly name: string
  readonly input: unknown
}
export interface AnthropicResult {
  type: 'tool_result'
  tool_use_id: string
  content: string
  is_error: boolean
}

export interface AnthropicTools {
  readonly tools: AnthropicTool[]
  /** Whether a call is for one of these; an app with tools of its own asks before it runs them. */
  has(name: string): boolean
  /**
   * A failed call is a result, too: it says what to do.
   *
   * @param options.approvalId of an approval that a person has given to this very call
   */
  run(
    call: AnthropicCall,
    options?: { readonly approvalId?: string | undefined; readonly signal?: AbortSignal },
  ): Promise<AnthropicResult>
  /** Runs each `tool_use` of a message, one after the other. A call of another tool is answered, too. */
  runAll(
    content: readonly { readonly type: string }[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<AnthropicResult[]>
}

/** For `anthropic.messages.create`. */
export async function anthropicTools(
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<AnthropicTools> {
  const toolset = await toolsetOf(source, options)
  const run: AnthropicTools['run'] = async ({ id, name, input }, runOptions) => {
    const call = { name, args: input, callId: id, ...runOptions }
    const { isError, content } = await toolset.call(call)
    return {
      type: 'tool_result',
      tool_use_id: id,
      content: JSON.stringify(content),
      is_error: isError,
    }
  }
  return {
    tools: toolset.tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: { ...inputSchema, type: 'object' },
    })),
    has: toolset.has,
    run,
    runAll: (content, runOptions) =>
      eachCall(content.filter(isToolUse), (call) => run(call, runOptions)),
  }
}

function isToolUse<Block extends { readonly type: string }>(
  block: Block,
): block is Block & AnthropicCall {
  return block.type === 'tool_use'
}
