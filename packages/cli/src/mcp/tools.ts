/** The tools of the one user whose credential is here. */
import {
  executeTool,
  findTool,
  listTools,
  type ToolPolicy,
  type ToolPorts,
  toolViewOf,
} from '@keywell/tools'
import { type McpTools, mcpToolOf } from '@keywell/tools/mcp'
import { type Choice, requireTools } from './profiles.ts'

/**
 * What a client may call. What deletes something, or removes somebody's access, has to be named: an agent that reads
 * what others wrote must not be talked into it.
 *
 * @throws Error for a name that the provider has not
 */
export function limitsOf(
  provider: string,
  names: Choice['names'],
): Pick<ToolPolicy, 'names' | 'denied'> {
  requireTools(provider, names)
  if (names !== undefined) return { names, denied: [] }
  const destroying = listTools(provider).filter(({ effect }) => effect === 'destroy')
  return { names: null, denied: destroying.map(({ name }) => name) }
}

export function createTools(
  ports: ToolPorts,
  { usable, policy }: { usable: readonly string[]; policy: ToolPolicy },
): McpTools {
  const { names, denied, readOnly } = policy
  const views = usable.flatMap((name) => {
    const tool = findTool(name)
    const isOffered = (names?.includes(name) ?? true) && !denied.includes(name)
    if (tool === undefined || !isOffered || (readOnly && tool.effect !== 'read')) return []
    return [mcpToolOf(toolViewOf(tool))]
  })
  return {
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
}
