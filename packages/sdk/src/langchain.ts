/**
 * Tools for LangChain and LangGraph:
 *
 *     import { getTools } from '@keywell/sdk/langchain'
 *     import { createAgent } from 'langchain'
 *
 *     const tools = await getTools(keywell.forUser({ tenantId, userId }).tools, { filter })
 *     const agent = createAgent({ model, tools })
 */
import { ToolMessage } from '@langchain/core/messages'
import { DynamicStructuredTool, type ToolRunnableConfig } from '@langchain/core/tools'
import {
  type AgentTool,
  type ToolSource,
  type Toolset,
  type ToolsetOptions,
  toolsetOf,
} from './agents/toolset.ts'
import { Keywell } from './keywell.ts'
import type { ToolIdentifier } from './tools/calls.ts'

export type { ToolSource, ToolsetOptions }

/** The tools of a user, without a `Keywell` of your own at hand. */
export interface GetTools extends ToolsetOptions {
  /** A user; by id alone, of the tenant that the `Keywell` was made with. */
  readonly identifier: ToolIdentifier
  /** Name of the connection; of a provider, for its `default` one. Default: any. */
  readonly connectionName?: string | undefined
  /** Default: one that is made of the environment. */
  readonly keywell?: Keywell | undefined
}

/**
 * One for each tool, with its real JSON Schema.
 *
 * @param from the tools of a user, or whose they are: `{ identifier, connectionName }`
 */
export async function getTools(
  from: ToolSource | GetTools,
  options?: ToolsetOptions,
): Promise<DynamicStructuredTool[]> {
  const toolset = await ('identifier' in from ? toolsetNamed(from) : toolsetOf(from, options))
  return toolset.tools.map((tool) => toolOf(toolset, tool))
}

function toolsetNamed({
  identifier,
  connectionName,
  keywell = new Keywell(),
  filter,
  ...options
}: GetTools): Promise<Toolset> {
  const connectionNames = connectionName === undefined ? undefined : [connectionName]
  const source: ToolSource = {
    listScoped: (query) => keywell.tools.listScoped(identifier, query),
    execute: (toolName, params, call) =>
      keywell.tools.executeTool({ ...call, toolName, identifier, params }),
  }
  return toolsetOf(source, { ...options, filter: { connectionNames, ...filter } })
}

function toolOf(
  toolset: Toolset,
  { name, description, inputSchema }: AgentTool,
): DynamicStructuredTool {
  return new DynamicStructuredTool({
    name,
    description,
    schema: inputSchema,
    // Says which argument does not fit, so that the model can correct it.
    verboseParsingErrors: true,
    func: async (args, _runManager, config?: ToolRunnableConfig) => {
      const id = config?.toolCall?.id
      const result = await toolset.call({ name, args, callId: id, signal: config?.signal })
      const content = JSON.stringify(result.content)
      if (!result.isError || id === undefined) return content
      return new ToolMessage({ name, content, tool_call_id: id, status: 'error' })
    },
  })
}
