/** Which tools there are, and which of them somebody can run now. */
import { missingScopes, type ToolView } from '@keywell/protocol'
import { findTool, listToolProviders, listTools, similarTools } from './catalogue.ts'
import type { ToolDefinition } from './definition.ts'
import type { ToolConnection, ToolPolicy } from './execute/ports.ts'
import { needsApproval, toolRefusal } from './policy.ts'
import { toolViewOf } from './tool-view.ts'

/** Between kinds it is "and", within a kind "or". */
export interface ToolFilter {
  readonly providers?: readonly string[] | undefined
  readonly toolNames?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly effect?: ToolDefinition['effect'] | undefined
  /** Words, each in name, title or description. Case makes no difference. */
  readonly query?: string | undefined
}

export interface ListPage {
  /** How many tools stand before the page. */
  readonly offset: number
  /** How many are on it at most. */
  readonly limit: number
}

export interface CatalogueList {
  readonly tools: readonly ToolView[]
  readonly totalSize: number
  /** Undefined: it is the last page. */
  readonly nextOffset: number | undefined
}

/** The catalogue, in its own order. */
export function listCatalogue(filter: ToolFilter, page: ListPage): CatalogueList {
  return pageOf(filtered(filter), page, ({ tool }) => toolViewOf(tool))
}

/** A connection of somebody, and what its tenant and user may do with tools of its provider. */
export interface ListedConnection {
  readonly connection: ToolConnection
  readonly state: 'active' | 'needs_reauth' | 'not_connected'
  readonly policy: ToolPolicy
}

export interface ListScopedInput {
  readonly connections: readonly ListedConnection[]
  readonly filter: ToolFilter & {
    /** `work`, `gitlab/work`; the name of a provider alone means its `default` connection. */
    readonly connectionNames?: readonly string[] | undefined
  }
  /** Lists tools that cannot be run now as well. */
  readonly includeUnavailable: boolean
  readonly page: ListPage
}

export interface UnavailableScopedTool {
  readonly name: string
  readonly reason: 'unknown' | 'not_connected' | 'needs_reauth' | 'scope_missing' | 'policy'
  readonly similar?: string[]
  readonly missingScopes?: string[]
}

export interface ScopedList extends CatalogueList {
  /** Every name of `toolNames` that is not among the tools of all pages, and why. */
  readonly unavailable: readonly UnavailableScopedTool[]
}

/**
 * What can be run now: the connection is active, the policy allows the tool, and the granted scopes cover it. Without
 * names of connections, the one of each provider is meant that a call without a name uses.
 */
export function listScoped(input: ListScopedInput): ScopedList {
  const { filter, includeUnavailable, page } = input
  const chosen = chosenConnections(input)
  const states = filtered(filter).flatMap((each) => statesOf(each, chosen))
  const usable = new Set(states.filter((each) => !each.problem).map(({ tool }) => tool.name))
  const problems = new Map(states.map(({ tool, problem }) => [tool.name, problem]))
  const listed = includeUnavailable ? states : states.filter(({ problem }) => !problem)
  return {
    ...pageOf(listed, page, ({ tool, on }) => viewOn(tool, on)),
    unavailable: [...new Set(filter.toolNames)]
      .filter((name) => !usable.has(name))
      .map((name) => problems.get(name) ?? absent(name)),
  }
}

interface ToolState {
  readonly tool: ToolDefinition
  readonly on: ListedConnection | undefined
  readonly problem: UnavailableScopedTool | undefined
}

/** A tool on each chosen connection of its provider. */
function statesOf(
  { tool, provider }: { readonly tool: ToolDefinition; readonly provider: string },
  chosen: readonly ListedConnection[],
): ToolState[] {
  const own = chosen.filter(({ connection }) => connection.provider === provider)
  if (own.length === 0) {
    return [{ tool, on: undefined, problem: { name: tool.name, reason: 'not_connected' } }]
  }
  return own.map((on) => ({ tool, on, problem: problemOf(tool, on) }))
}

function viewOn(tool: ToolDefinition, on: ListedConnection | undefined): ToolView {
  if (on === undefined) return toolViewOf(tool)
  return {
    ...toolViewOf(tool),
    needsApproval: needsApproval(on.policy, tool),
    connectionId: on.connection.id,
    connectionName: on.connection.name,
  }
}

function problemOf(
  tool: ToolDefinition,
  { connection, state, policy }: ListedConnection,
): UnavailableScopedTool | undefined {
  const { name } = tool
  if (state !== 'active') return { name, reason: state }
  if (toolRefusal(policy, tool) !== undefined) return { name, reason: 'policy' }
  const { scopes, implications } = connection
  // Where they are not known, the provider decides.
  const missing = scopes === undefined ? [] : missingScopes(implications, tool.scopes, scopes)
  return missing.length > 0
    ? { name, reason: 'scope_missing', missingScopes: [...missing] }
    : undefined
}

/** A name that the other parts of the filter leave out is there, but not for this choice. */
function absent(name: string): UnavailableScopedTool {
  return findTool(name) === undefined
    ? { name, reason: 'unknown', similar: similarTools(name) }
    : { name, reason: 'not_connected' }
}

function chosenConnections({ connections, filter }: ListScopedInput): readonly ListedConnection[] {
  const names = filter.connectionNames
  if (names !== undefined) {
    return connections.filter(({ connection }) => names.some((name) => isNamed(connection, name)))
  }
  return connections.filter(({ connection }) => {
    const own = connections.filter((each) => each.connection.provider === connection.provider)
    const hasDefault = own.some((each) => each.connection.name === 'default')
    return !hasDefault || connection.name === 'default'
  })
}

function isNamed({ provider, name }: ToolConnection, wanted: string): boolean {
  if (wanted === provider) return name === 'default'
  return wanted === name || wanted === `${provider}/${name}`
}

function filtered(filter: ToolFilter): { tool: ToolDefinition; provider: string }[] {
  const words = (filter.query ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  return listToolProviders()
    .filter((provider) => filter.providers?.includes(provider) ?? true)
    .flatMap((provider) => listTools(provider).map((tool) => ({ tool, provider })))
    .filter(({ tool }) => {
      const text = `${tool.name} ${tool.title} ${tool.description}`.toLowerCase()
      return (
        (filter.toolNames?.includes(tool.name) ?? true) &&
        (filter.groups?.includes(tool.group) ?? true) &&
        (filter.effect === undefined || filter.effect === tool.effect) &&
        words.every((word) => text.includes(word))
      )
    })
}

function pageOf<Item>(
  items: readonly Item[],
  { offset, limit }: ListPage,
  view: (item: Item) => ToolView,
): CatalogueList {
  const end = offset + limit
  return {
    tools: items.slice(offset, end).map(view),
    totalSize: items.length,
    nextOffset: end < items.length ? end : undefined,
  }
}
