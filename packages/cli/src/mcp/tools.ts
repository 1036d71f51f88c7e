/** The tools of the one user, by profile. */
import { KeywellError } from '@keywell/protocol'
import {
  executeTool,
  findTool,
  listTools,
  type ToolPolicy,
  type ToolPorts,
  toolViewOf,
} from '@keywell/tools'
import { type McpTools, mcpToolOf, searchedTools } from '@keywell/tools/mcp'

export const profiles = ['full', 'read', 'search'] as const
export type Profile = (typeof profiles)[number]

export interface Choice {
  readonly profile: Profile
  /** The only ones. Undefined: all but those that destroy. */
  readonly names: readonly string[] | undefined
}

/**
 * The names that a client may call. What deletes something, or removes somebody's access, has to be named: an agent
 * that reads what others wrote must not be talked into it.
 *
 * @throws Error for a name that there is not
 */
export function chosenNames(provider: string, { profile, names }: Choice): string[] {
  const unknown = names?.filter((name) => findTool(name) === undefined) ?? []
  if (unknown.length > 0) throw new Error(`There is no tool ${unknown.join(', ')}.`)
  return listTools(provider)
    .filter(({ name, effect }) => names?.includes(name) ?? effect !== 'destroy')
    .filter(({ effect }) => profile !== 'read' || effect === 'read')
    .map(({ name }) => name)
}

export function createTools(
  ports: ToolPorts,
  { usable, policy, profile }: { usable: readonly string[]; policy: ToolPolicy; profile: Profile },
): McpTools {
  const offered = usable.filter((name) => policy.names?.includes(name) ?? true)
  const views = offered.flatMap((name) => {
    const tool = findTool(name)
    return tool === undefined ? [] : [mcpToolOf(toolViewOf(tool))]
  })
  const tools: McpTools = {
    list: async () => views,
    async call({ name, arguments: given, signal }) {
      const { executionId, ...structured } = await executeTool(ports, {
        tool: name,
        arguments: given,
        signal,
      })
      return { structured: { ...structured }, executionId }
    },
  }
  return profile === 'search' ? searchedTools(tools) : tools
}

export function toError(thrown: unknown): KeywellError {
  if (thrown instanceof KeywellError) return thrown
  return new KeywellError('internal', 'Something went wrong in this server.')
}
