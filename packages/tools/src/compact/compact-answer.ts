/** The answer of a compact tool: snake case, lists with their page around them, and of each thing the fields that count. */
import type { ToolDefinition } from '../definition.ts'
import type { Arguments } from '../read-arguments.ts'
import type { CompactTool } from './compact-tool.ts'

/** What the tool behind it answered. */
interface FullAnswer {
  readonly data?: unknown
  readonly nextPage?: number
  readonly total?: number
  readonly truncated?: boolean
  readonly warnings?: readonly string[]
}

const defaultPerPage = 20

export function compactAnswer(
  compact: CompactTool,
  { response }: ToolDefinition,
  given: Arguments,
  answer: FullAnswer,
): Record<string, unknown> {
  const { data, truncated, warnings } = answer
  const cut = { ...(truncated && { truncated }), ...(warnings && { warnings }) }
  return response === 'list'
    ? { ...listOf(compact, given, answer), ...cut }
    : { ...cut, ...fieldsOf(compact, data) }
}

function listOf(
  compact: CompactTool,
  given: Arguments,
  { data, nextPage, total }: FullAnswer,
): Record<string, unknown> {
  const perPage = Number(given.per_page ?? defaultPerPage)
  const items = Array.isArray(data) ? data : []
  return {
    items: items.map((item) =>
      compact.fields === undefined ? { type: given.scope, data: item } : fieldsOf(compact, item),
    ),
    page: Number(given.page ?? 1),
    per_page: perPage,
    next_page: nextPage ?? null,
    ...(total !== undefined && { total, total_pages: Math.ceil(total / perPage) }),
  }
}

function fieldsOf({ fields = [] }: CompactTool, thing: unknown): Record<string, unknown> {
  const known: Readonly<Record<string, unknown>> = Object(thing)
  return Object.fromEntries(
    fields.filter((name) => Object.hasOwn(known, name)).map((name) => [name, known[name]]),
  )
}

/** JSON Schema of it. A field may be absent, as the provider's version has it. */
export function compactOutput(
  { fields }: CompactTool,
  { response }: ToolDefinition,
): Record<string, unknown> & { readonly type: 'object' } {
  const thing = objectOf(fields ?? ['type', 'data'])
  if (response !== 'list') return thing
  const count = { type: 'integer' }
  const next = { type: ['integer', 'null'] }
  return {
    type: 'object',
    properties: {
      ...{ items: { type: 'array', items: thing }, page: count, per_page: count, next_page: next },
      ...{ total: count, total_pages: count },
    },
    required: ['items', 'page', 'per_page', 'next_page'],
  }
}

function objectOf(names: readonly string[]): { type: 'object'; properties: object } {
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, {}])) }
}
