/** The tools of the one user, by profile. */
import { KeywellError } from '@keywell/protocol'
import {
  executeTool,
  findTool,
  listCompactTools,
  listTools,
  type ToolPolicy,
  type ToolPorts,
  toolViewOf,
} from '@keywell/tools'
import { compactTools, type McpTools, mcpToolOf, searchedTools } from '@keywell/tools/mcp'

export const profiles = ['compact', 'full', 'read', 'search'] as const
export type Profile = (typeof profiles)[number]

export interface Choice {
  readonly profile: Profile
  /** The only ones. Undefined: all but those that destroy. */
  readonly names: readonly string[] | undefined
}

/** The profile of a client that names none. */
export function defaultProfile(provider: string): Profile {
  return listCompactTools(provider).length > 0 ? 'compact' : 'read'
}

/**
 * What a client may call. What deletes something, or removes somebody's access, has to be named: an agent that reads
 * what others wrote must not be talked into it.
 *
 * @throws Error for a name that there is not
 */
export function limitsOf(
  provider: string,
  names: Choice['names'],
): Pick<ToolPolicy, 'names' | 'denied'> {
  const unknown = names?.filter((name) => findTool(name) === undefined) ?? []
  if (unknown.length > 0) throw new Error(`There is no tool ${unknown.join(', ')}.`)
  if (names !== undefined) return { names, denied: [] }
  const destroying = listTools(provider).filter(({ effect }) => effect === 'destroy')
  return { names: null, denied: destroying.map(({ name }) => name) }
}

export function createTools(
  ports: ToolPorts,
  {
    provider,
    usable,
    policy,
    profile,
  }: { provider: string; usable: readonly string[]; policy: ToolPolicy; profile: Profile },
): McpTools {
  const { names, denied, readOnly, defaultPlaces } = policy
  const views = usable.flatMap((name) => {
    const tool = findTool(name)
    const isOffered = (names?.includes(name) ?? true) && !denied.includes(name)
    if (tool === undefined || !isOffered || (readOnly && tool.effect !== 'read')) return []
    return [mcpToolOf(toolViewOf(tool))]
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
  if (profile === 'search') return searchedTools(tools)
  return profile === 'compact' ? compactTools(tools, { provider, defaultPlaces }) : tools
}

export function toError(thrown: unknown): KeywellError {
  if (thrown instanceof KeywellError) return thrown
  return new KeywellError('internal', 'Something went wrong in this server.')
}
