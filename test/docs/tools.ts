import { providers } from '@keywell/providers'
import {
  listCompactTools,
  listTools,
  type ToolDefinition,
  type ToolParameter,
} from '@keywell/tools'
import { table } from './table.ts'

const indexPath = 'apps/docs/reference/tools.md'

/** A page for each group of tools, and one that lists them, by their paths. */
export function toolPages(): Map<string, string> {
  const all = providers.flatMap(({ name, title }) => {
    const tools = listTools(name)
    return tools.length === 0 ? [] : [{ name, title, tools }]
  })
  const pages = all.flatMap((provider) =>
    groupsOf(provider.tools).map(
      (group) => [pathOf(provider.name, group), pageOf(provider, group)] as const,
    ),
  )
  return new Map([[indexPath, indexOf(all)], ...pages])
}

interface ProviderTools {
  readonly name: string
  readonly title: string
  readonly tools: readonly ToolDefinition[]
}

function groupsOf(tools: readonly ToolDefinition[]): string[] {
  return [...new Set(tools.map(({ group }) => group))]
}

function pathOf(provider: string, group: string): string {
  return `apps/docs/reference/tools/${fileOf(provider, group)}`
}

function fileOf(provider: string, group: string): string {
  return `${provider}-${group.replaceAll('_', '-')}.md`
}

function indexOf(all: readonly ProviderTools[]): string {
  return text([
    '# Tools',
    'What an agent may do as a user. Written from [the definitions](../../../packages/tools/src) by `npm run tool-pages`; [prompts to try](../guide/prompts.md) are in the guide, and [how a call goes](../internals/tools.md) is in the internals.',
    ...all.flatMap(providerSection),
  ])
}

function providerSection({ name, title, tools }: ProviderTools): string[] {
  const rows = groupsOf(tools).map((group) => {
    const own = tools.filter((tool) => tool.group === group)
    return [
      `[${wordsOf(group)}](tools/${fileOf(name, group)})`,
      ...effects.map((effect) => `${own.filter((tool) => tool.effect === effect).length}`),
      `${own.length}`,
    ]
  })
  const sums = effects.map((effect) => `${tools.filter((tool) => tool.effect === effect).length}`)
  return [
    `## ${title}`,
    table(
      ['group', 'read', 'write', 'destroy', 'all'],
      [...rows, ['**all**', ...sums, `${tools.length}`]],
    ),
    ...compactSection(name, title),
  ]
}

const effects = ['read', 'write', 'destroy'] as const

function compactSection(provider: string, title: string): string[] {
  const compact = listCompactTools(provider)
  if (compact.length === 0) return []
  const rows = compact.map(({ name, tool, within = [], takes, changes = {} }) => [
    `\`${name}\``,
    [...within.map((each) => each.tool), tool].map((each) => `\`${each}\``).join(', '),
    takes.map((each) => `\`${changes[each]?.name ?? each}\``).join(', '),
  ])
  return [
    `### The compact profile of ${title}`,
    `${compact.length} tools under short names, for models with little room. An answer has the fields that count, and a list its page around it.`,
    table(['tool', 'calls', 'takes'], rows),
  ]
}

function pageOf({ title, tools }: ProviderTools, group: string): string {
  const own = tools.filter((tool) => tool.group === group)
  const rows = own.map((tool) => [
    `[\`${tool.name}\`](#${tool.name})`,
    tool.title,
    tool.effect,
    scopesOf(tool),
  ])
  return text([
    `# ${title}: ${wordsOf(group)}`,
    'Written by `npm run tool-pages`. [All tools](../tools.md).',
    table(['tool', 'does', 'effect', 'least scopes'], rows),
    ...own.flatMap(toolSection),
  ])
}

function toolSection(tool: ToolDefinition): string[] {
  const { name, description, method, path, response, role, parameters } = tool
  const facts = [
    `\`${method} ${path}\``,
    `answers ${answers[response]}`,
    ...(role === undefined ? [] : [`usually needs the role ${role}`]),
    ...(tool.sensitive ? ['sensitive'] : []),
    ...(tool.idempotent ? ['may be repeated'] : []),
  ]
  return [
    `## ${name}`,
    description,
    `${facts.join('; ')}.`,
    parameters.length === 0 ? 'It takes no arguments.' : parameterTable(parameters),
    ...conditions(tool),
  ]
}

const answers: Readonly<Record<ToolDefinition['response'], string>> = {
  list: 'a list',
  object: 'an object',
  text: 'text',
  binary: 'a file in Base64',
  none: 'that it was done',
}

function parameterTable(parameters: readonly ToolParameter[]): string {
  const rows = parameters.map((parameter) => [
    [parameter.name, ...(parameter.aliases ?? [])].map((each) => `\`${each}\``).join(', '),
    typeOf(parameter),
    parameter.required ? 'yes' : '',
    parameter.description,
  ])
  return table(['argument', 'is', 'required', 'means'], rows)
}

function typeOf({ type, items, enum: only, format, minimum, maximum }: ToolParameter): string {
  if (only !== undefined) {
    const values = only.map((value) => `\`${value}\``).join(', ')
    return type === 'array' ? `list of ${values}` : values
  }
  if (type === 'array') return `list of ${items}s`
  const bounds = [minimum, maximum].filter((bound) => bound !== undefined)
  if (bounds.length === 2) return `${type}, ${minimum} to ${maximum}`
  return minimum === undefined ? (format ?? type) : `${type}, at least ${minimum}`
}

function conditions({ anyOf, together, needsField }: ToolDefinition): string[] {
  const sets = (names: readonly (readonly string[])[], between: string) =>
    names.map((set) => set.map((name) => `\`${name}\``).join(' and ')).join(between)
  return [
    ...(anyOf === undefined ? [] : [`One of these is given: ${sets(anyOf, ', or ')}.`]),
    ...(together ?? []).map((set) => `All of these are given, or none: ${sets([set], '')}.`),
    ...(needsField ? ['At least one argument that is not in the path is given.'] : []),
  ]
}

function scopesOf({ scopes }: ToolDefinition): string {
  return scopes.map((scope) => `\`${scope}\``).join(', ') || 'none for what is public'
}

function wordsOf(group: string): string {
  return group.replaceAll('_', ' ')
}

function text(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}
