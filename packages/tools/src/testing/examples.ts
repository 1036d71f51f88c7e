/** Arguments that are right for a tool, made of its definition. */
import type { ToolDefinition, ToolParameter } from '../definition.ts'

type Arguments = Record<string, unknown>

/** With what it requires alone, and with all that it takes. */
export function examplesOf(tool: ToolDefinition): Arguments[] {
  return [exampleOf(tool, 'least'), exampleOf(tool, 'all')]
}

export function exampleOf(tool: ToolDefinition, which: 'least' | 'all'): Arguments {
  const { parameters, anyOf = [[]], needsField } = tool
  const [either = []] = anyOf
  const [change] = needsField ? parameters.filter((parameter) => parameter.in !== 'path') : []
  const needed = new Set([...either, change?.name])
  const given = parameters.filter(
    ({ name, required }) => which === 'all' || required || needed.has(name),
  )
  return Object.fromEntries(given.map((parameter) => [parameter.name, valueFor(parameter)]))
}

function valueFor({
  type,
  items,
  enum: only,
  format,
  schema,
  minimum = 1,
}: ToolParameter): unknown {
  if (schema !== undefined) return valueOfSchema(schema)
  const [first] = only ?? []
  if (type === 'array') return [first ?? (items === 'integer' ? 7 : 'text')]
  if (first !== undefined) return first
  if (type === 'integer') return minimum
  if (type === 'boolean') return true
  if (type === 'object') return {}
  return format === 'date' ? '2026-11-30' : format === 'date-time' ? '2026-11-30T10:00:00Z' : 'text'
}

interface Schema {
  readonly type?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly enum?: readonly unknown[]
}

function valueOfSchema({ type, items, properties = {}, enum: only }: Schema): unknown {
  if (only !== undefined) return only[0]
  if (type === 'array') return items === undefined ? [] : [valueOfSchema(items)]
  if (type !== 'object') return 'text'
  const entries = Object.entries(properties).map(([name, each]) => [name, valueOfSchema(each)])
  return Object.fromEntries(entries)
}
