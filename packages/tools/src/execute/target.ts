/** What a call would change: read beforehand, so that a person sees it by its name. */

import { findTool } from '../catalogue.ts'
import type { ToolDefinition } from '../definition.ts'
import type { Arguments } from '../read-arguments.ts'
import { requestOf } from '../request.ts'
import type { CheckedCall } from './check.ts'
import { oneLine } from './quote.ts'

/** Fields that name a thing. Nothing else of it is shown. */
const namingFields = [
  'id',
  'iid',
  'title',
  'name',
  'path_with_namespace',
  'full_path',
  'key',
  'tag_name',
  'username',
  'ref',
  'state',
  'web_url',
] as const

export type Target = Readonly<Record<string, string | number>>

/** Undefined: it cannot be read, or the tool does not change anything that is there. */
export async function readTarget(call: CheckedCall): Promise<Target | undefined> {
  const { tool, provider, sender } = call
  const reader = tool.target === undefined ? undefined : findTool(tool.target.tool)
  if (reader === undefined) return undefined
  const given = targetArguments(tool, reader, call.arguments)
  const { path, query } = requestOf(reader, given)
  const answer = await sender.look({ path: `${provider.apiRoot}${path}`, query })
  return namesIn(itemOf(answer, tool, call.arguments))
}

/** Those of the same names, and those that `from` names. */
export function targetArguments(
  { target }: ToolDefinition,
  reader: ToolDefinition,
  given: Arguments,
): Arguments {
  const own = reader.parameters.flatMap(({ name }) => {
    const value = given[target?.from?.[name] ?? name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(own), ...(target?.item && { per_page: 100 }) }
}

function itemOf(answer: unknown, { target }: ToolDefinition, given: Arguments): unknown {
  const item = target?.item
  if (item === undefined) return answer
  if (!Array.isArray(answer)) return undefined
  const wanted = String(given[item.parameter])
  return answer.find((each) => String(each?.[item.field]) === wanted)
}

function namesIn(value: unknown): Target | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields = value as Record<string, unknown>
  const named: Record<string, string | number> = {}
  for (const name of namingFields) {
    const each = fields[name]
    if (typeof each === 'number') named[name] = each
    if (typeof each === 'string') named[name] = oneLine(each, 100)
  }
  return Object.keys(named).length === 0 ? undefined : named
}

/** What a call would do, in a sentence, e.g. `Delete issue "Login fails" (project_id acme/api, issue_iid 42).` */
export function summaryOf({ tool, record }: CheckedCall, target: Target | undefined): string {
  const name = target?.title ?? target?.name ?? target?.path_with_namespace ?? target?.full_path
  const said = name === undefined ? '' : ` "${name}"`
  const shown = Object.entries(record.arguments).map(
    ([field, value]) => `${field} ${oneLine(textOf(value), 100)}`,
  )
  return `${tool.title}${said}${shown.length === 0 ? '' : ` (${shown.join(', ')})`}.`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
