import type { ToolSummary } from '@keywell/protocol'
import type { ToolDefinition } from './definition.ts'
import { githubTools } from './github/index.ts'
import { gitlabTools } from './gitlab/index.ts'

// Maps and not objects, so that `constructor` and `__proto__` are names like any other.
const byProvider: ReadonlyMap<string, readonly ToolDefinition[]> = new Map([
  ['gitlab', gitlabTools],
  ['github', githubTools],
])
/** Where the API of a provider begins, below the host of a connection. */
const apiRoots: ReadonlyMap<string, string> = new Map([['gitlab', '/api/v4']])
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

/** What stands between the host of a connection and the path of a tool, such as `/api/v4`. Default: nothing. */
export function apiRootOf(provider: string): string {
  return apiRoots.get(provider) ?? ''
}

/** What a person who chooses scopes has to know of a tool. */
export function summarizeTool({ name, title, group, scopes }: ToolDefinition): ToolSummary {
  return { name, title, group, scopes: [...scopes] }
}
