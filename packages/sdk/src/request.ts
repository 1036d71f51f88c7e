import { KeywellError, type Route, type RouteInput } from '@keywell/protocol'

/** What this package needs of a zod schema. */
export interface Schema<Value> {
  safeParse(
    value: unknown,
  ): { success: true; data: Value } | { success: false; error: { issues: readonly Issue[] } }
}
interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

export interface Call<Answer> {
  /** Whether it changes nothing, although its method is another than GET. */
  isRead?: boolean | undefined
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the service's base URL; parts that came from outside are encoded. */
  path: string
  /** Entries that are undefined are left out. */
  query?: Record<string, unknown> | undefined
  /** The same. */
  headers?: Record<string, string | undefined> | undefined
  body?: unknown
  schema: Schema<Answer>
}

/** What a caller gives for the parts of a route's request; the route's schemas say whether it fits. */
export type InputOf<One extends Route> = Readonly<Record<keyof RouteInput<One>, unknown>>

/**
 * A request to a route of the table.
 *
 * @param name of the caller's method, for the error
 * @throws KeywellError `invalid_request`, which names the field
 */
export function requestOf<One extends Route>(
  { method, path, isRead, ...schemas }: One,
  name: string,
  input: InputOf<One>,
): Omit<Call<unknown>, 'schema'> {
  const parts: Partial<Record<string, unknown>> = input
  const parse = (part: 'params' | 'query' | 'headers' | 'body') => {
    const schema = schemas[part]
    return schema && parseInput<Record<string, unknown>>(schema, parts[part], name)
  }
  const params = parse('params') ?? {}
  return {
    method,
    path: path.replaceAll(/:(\w+)/g, (_, key: string) => encodeURIComponent(String(params[key]))),
    isRead,
    query: parse('query'),
    // Headers of a route are texts.
    headers: parse('headers') as Record<string, string> | undefined,
    body: parse('body'),
  }
}

/** Reads query or body of the caller by the protocol; a misfit names the field. */
export function parseInput<Value>(schema: Schema<Value>, input: unknown, name: string): Value {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.')
  throw new KeywellError(
    'invalid_request',
    `${name}: ${field ? `"${field}" ` : ''}${issue?.message ?? 'does not fit'}`,
  )
}
