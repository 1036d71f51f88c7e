import type { ToolSummary } from '@keywell/protocol'
import type { ToolDefinition } from './definition.ts'
import { gitlabTools } from './gitlab/index.ts'

// Maps and not objects, so that `constructor` and `__proto__` are names like any other.
const byProvider: ReadonlyMap<string, readonly ToolDefinition[]> = new Map([
  ['gitlab', gitlabTools],
])
const byName: ReadonlyMap<string, ToolDefinition> = new Map(
  [...byProvider.values()].flat().map((tool) => [tool.name, tool]),
)

/** The tool of that name, or undefined. Names are compared exactly. */
export function findTool(name: string): ToolDefinition | undefined {
  return byName.get(name)
}

/** The tools of a provider, in a stable order, group by group. A provider without tools has none. */
export function listTools(provider: string): readonly ToolDefinition[] {
  return byProvider.get(provider) ?? []
}

/** What a person who chooses scopes has to know of a tool. */
export function summarizeTool({ name, title, group, scopes }: ToolDefinition): ToolSummary {
  return { name, title, group, scopes: [...scopes] }
}
