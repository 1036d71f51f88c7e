/**
 * Tools for Mastra 1:
 *
 *     import { Agent } from '@mastra/core/agent'
 *     import { createTool } from '@mastra/core/tools'
 *     import { mastraTools } from '@keywell/sdk/mastra'
 *
 *     const tools = await mastraTools(createTool, keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const agent = new Agent({ id: 'developer', name: 'Developer', instructions, model, tools })
 */
import { type ToolSource, type ToolsetOptions, toolsetOf } from './agents/toolset.ts'

export type { ToolSource, ToolsetOptions }

/** What is needed of Mastra's function. It is passed in, so that this package does not depend on Mastra. */
export type MastraCreateTool<Made> = (options: {
  id: string
  description: string
  inputSchema: Record<string, unknown>
  execute: (args: unknown, context?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>
}) => Made

/** For an `Agent`. */
export async function mastraTools<Made>(
  createTool: MastraCreateTool<Made>,
  source: ToolSource,
  options?: ToolsetOptions,
): Promise<Record<string, Made>> {
  const toolset = await toolsetOf(source, options)
  return Object.fromEntries(
    toolset.tools.map(({ name, description, inputSchema }) => [
      name,
      createTool({
        id: name,
        description,
        inputSchema,
        execute: async (args, context) =>
          (await toolset.call({ name, args, signal: context?.abortSignal })).content,
      }),
    ]),
  )
}
