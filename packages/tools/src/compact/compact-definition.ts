/** What a compact tool takes, and what of it the tool behind it gets. */
import { findTool } from '../catalogue.ts'
import type { ToolDefinition, ToolParameter } from '../definition.ts'
import type { Arguments } from '../read-arguments.ts'
import type { CompactTool } from './compact-tool.ts'

const made = new WeakMap<CompactTool, ToolDefinition>()

/** The definition that its arguments are read by. It is never sent. */
export function definitionOf(compact: CompactTool): ToolDefinition {
  const definition = made.get(compact) ?? define(compact)
  made.set(compact, definition)
  return definition
}

function define(compact: CompactTool): ToolDefinition {
  const { name, title, description, takes } = compact
  const behind = toolsBehind(compact)
  const [main] = behind
  if (main === undefined) throw new Error(`invariant: ${name} has no tool`)
  const { group, method, path, response, effect, scopes } = main
  const parameters = takes.map((each) => parameterOf(compact, behind, each))
  const rest = { group, method, path, response, effect, scopes }
  return { name, title, description, parameters, ...rest }
}

/** The one that is called where no place is meant stands first. */
function toolsBehind({ tool, within = [] }: CompactTool): ToolDefinition[] {
  return [tool, ...within.map((each) => each.tool)].map((name) => {
    const found = findTool(name)
    if (found === undefined) throw new Error(`invariant: there is no tool ${name}`)
    return found
  })
}

function parameterOf(
  { name, changes = {} }: CompactTool,
  tools: readonly ToolDefinition[],
  taken: string,
): ToolParameter {
  const found = tools.flatMap(({ parameters }) => parameters).find((each) => each.name === taken)
  if (found === undefined) throw new Error(`invariant: ${name} takes ${taken}, which no tool has`)
  const { required, ...parameter } = found
  const change = changes[taken]
  const aliases = change?.name === undefined ? parameter.aliases : [taken]
  return {
    ...parameter,
    // A place has a default where the policy says one; else the call behind it says what is missing.
    ...(required && parameter.place === undefined && { required }),
    ...change,
    ...(aliases !== undefined && { aliases }),
  }
}

/** The tool that is called, and its arguments. */
export function callOf(
  compact: CompactTool,
  given: Arguments,
  defaultPlaces: Readonly<Record<string, string>>,
): { readonly tool: string; readonly arguments: Arguments } {
  const { within = [], takes, changes = {} } = compact
  const meant =
    within.find(({ parameter }) => given[parameter] !== undefined) ??
    within.find(({ place }) => defaultPlaces[place] !== undefined)
  const tool = meant?.tool ?? compact.tool
  const known = findTool(tool)?.parameters.map(({ name }) => name) ?? []
  const values = takes.map((name) => [name, given[changes[name]?.name ?? name]] as const)
  const sent = values.filter(([name, value]) => value !== undefined && known.includes(name))
  return { tool, arguments: Object.fromEntries(sent) }
}
