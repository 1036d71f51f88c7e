import type { ToolSummary } from '@keywell/protocol'
import type { CompactTool } from './compact/compact-tool.ts'
import type { ToolDefinition } from './definition.ts'
import { github } from './github/provider.ts'
import { gitlab } from './gitlab/provider.ts'
import { nearestNames } from './nearest.ts'
import type { ProviderTools } from './provider-tools.ts'

/** A provider whose tools are added is a line here. */
const providers: readonly ProviderTools[] = [gitlab, github]

// Maps and not objects, so that `constructor` and `__proto__` are names like any other.
const byProvider: ReadonlyMap<string, ProviderTools> = new Map(
  providers.map((provider) => [provider.name, provider]),
)
const byName: ReadonlyMap<string, { tool: ToolDefinition; provider: ProviderTools }> = new Map(
  providers.flatMap((provider) =>
    [...provider.tools, ...(provider.unlisted ?? [])].map((tool) => [
      tool.name,
      { tool, provider },
    ]),
  ),
)

/** The tool of that name, or undefined. Names are compared exactly. */
export function findTool(name: string): ToolDefinition | undefined {
  return byName.get(name)?.tool
}

/** The tools of a provider, in a stable order, group by group. A provider without tools has none. */
export function listTools(provider: string): readonly ToolDefinition[] {
  return byProvider.get(provider)?.tools ?? []
}

/** Names of the providers that have tools, in a stable order. */
export function listToolProviders(): readonly string[] {
  return [...byProvider.keys()]
}

/** What is particular about the API of a tool. Undefined: there is no such tool. */
export function providerOfTool(name: string): ProviderTools | undefined {
  return byName.get(name)?.provider
}

/** Names of tools that somebody may have meant, from the nearest. */
export function similarTools(name: string): string[] {
  const listed = providers.flatMap(({ tools }) => tools)
  return nearestNames(
    name,
    listed.map((tool) => tool.name),
    3,
  )
}

/** What stands between the host of a connection and the path of a tool, such as `/api/v4`. Default: nothing. */
export function apiRootOf(provider: string): string {
  return byProvider.get(provider)?.apiRoot ?? ''
}

/** Header of a provider's answers with its own id of the request. Undefined: it has no tools. */
export function requestIdHeaderOf(provider: string): string | undefined {
  return byProvider.get(provider)?.requestIdHeader
}

/** The compact profile of a provider, in its order. Most have none. */
export function listCompactTools(provider: string): readonly CompactTool[] {
  return byProvider.get(provider)?.compact ?? []
}

/** What a person who chooses scopes has to know of a tool. */
export function summarizeTool(tool: ToolDefinition): ToolSummary {
  const { name, title, group, scopes, privateScopes } = tool
  return {
    name,
    title,
    group,
    scopes: [...scopes],
    ...(privateScopes !== undefined && { privateScopes: [...privateScopes] }),
  }
}
