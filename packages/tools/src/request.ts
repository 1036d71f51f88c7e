/** The request that a call of a tool makes: of a definition and arguments that were checked. */
import type { ToolDefinition, ToolParameter } from './definition.ts'
import type { Arguments } from './read-arguments.ts'

export interface ToolRequest {
  readonly method: ToolDefinition['method']
  /** Below the root of the provider's API, encoded. */
  readonly path: string
  /** Without the question mark; empty where there is none. */
  readonly query: string
  /** Sent as JSON; undefined where there is none. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** A value that cannot stand in a path. */
export class PathError extends Error {
  readonly parameter: string

  constructor(parameter: string, problem: string) {
    super(problem)
    this.parameter = parameter
  }
}

/** @throws PathError for a value that would leave its place in the path */
export function requestOf(tool: ToolDefinition, given: Arguments): ToolRequest {
  const sent = tool.parameters.filter(({ local }) => local !== true)
  const values = sent.flatMap((parameter) => {
    const left = parameter.sendDefault ? parameter.default : undefined
    const value = given[parameter.name] ?? left
    return value === undefined ? [] : [{ parameter, value }]
  })
  const at = (place: ToolParameter['in']) =>
    values.filter(({ parameter }) => parameter.in === place)
  return {
    method: tool.method,
    path: fillPath(tool, at('path')),
    query: queryOf(at('query')),
    body: bodyOf(tool, at('body')),
  }
}

interface Value {
  readonly parameter: ToolParameter
  readonly value: unknown
}

function fillPath({ path, parameters }: ToolDefinition, values: readonly Value[]): string {
  const placeOf = ({ name, pathParam = name }: ToolParameter) => `{${pathParam}}`
  const absent = parameters.find(
    (each) =>
      each.in === 'path' && !each.required && values.every(({ parameter }) => parameter !== each),
  )
  const end = absent === undefined ? '' : `/${placeOf(absent)}`
  const filled = path.slice(0, path.length - end.length)
  return filled.replace(/\{\w+\}/g, (place) => {
    const found = values.find(({ parameter }) => placeOf(parameter) === place)
    if (found === undefined) throw new Error(`invariant: nothing stands for ${place} of ${path}`)
    return segment(found)
  })
}

/** One segment, whatever is in it: what is not a letter or a digit is encoded. */
function segment({ parameter: { name }, value }: Value): string {
  const text = String(value)
  // An address loses the first three on its way, encoded or not; half a character has no encoding.
  if (['', '.', '..'].includes(text) || /\p{Surrogate}/u.test(text)) {
    throw new PathError(name, `"${text}" cannot stand in an address.`)
  }
  return encodeURIComponent(text)
}

function queryOf(values: readonly Value[]): string {
  const query = new URLSearchParams()
  for (const { parameter, value } of values) {
    for (const name of wireNames(parameter)) {
      if (Array.isArray(value)) for (const each of value) query.append(`${name}[]`, String(each))
      else query.append(name, String(value))
    }
  }
  return query.toString()
}

function bodyOf({ method }: ToolDefinition, values: readonly Value[]): ToolRequest['body'] {
  if (method === 'GET' || (method === 'DELETE' && values.length === 0)) return undefined
  const body: Record<string, unknown> = {}
  for (const { parameter, value } of values) {
    for (const name of wireNames(parameter)) nest(body, name, value)
  }
  return body
}

/** `filter[environment_scope]` is a field of a field. */
function nest(body: Record<string, unknown>, name: string, value: unknown): void {
  const [first = name, ...inner] = name.split(/\[|\]\[|\]/).filter(Boolean)
  const [second] = inner
  if (second === undefined) body[first] = value
  else body[first] = { ...(body[first] as object | undefined), [second]: value }
}

function wireNames({ name, wireName = name, alsoAs = [] }: ToolParameter): string[] {
  return [wireName, ...alsoAs]
}
