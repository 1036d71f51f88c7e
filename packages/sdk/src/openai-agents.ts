/**
 * Tools for the Agents SDK of OpenAI:
 *
 *     import { agentsTools } from '@keywell/sdk/openai-agents'
 *     import { Agent, run } from '@openai/agents'
 *
 *     const tools = await agentsTools(keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const { finalOutput } = await run(new Agent({ name: 'Developer', model, tools }), prompt)
 */
import { type FunctionTool, tool } from '@openai/agents'
import { type ToolSource, type ToolsetOptions, toolsetOf } from './agents/toolset.ts'

export type { ToolSource, ToolsetOptions }

/** For an `Agent`. */
export async function agentsTools(
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<FunctionTool[]> {
  const toolset = await toolsetOf(source, options)
  return toolset.tools.map(({ name, description, inputSchema }) =>
    tool({
      name,
      description,
      parameters: {
        type: 'object',
        properties: {},
        required: [],
        additionalProperties: true,
        ...inputSchema,
      },
      strict: false,
      execute: async (args, _context, { toolCall, signal } = {}) => {
        const { content } = await toolset.call({ name, args, callId: toolCall?.callId, signal })
        return JSON.stringify(content)
      },
    }),
  )
}
