import type { z } from 'zod'
import type { ErrorCode } from '../errors.ts'

/** What an API key may be allowed to do; its roles say which of these it is. */
export const permissions = [
  'credentials:read',
  'requests:send',
  'tools:execute',
  'approvals:read',
  'approvals:decide',
  'mcp_tokens:write',
  'connections:read',
  'connections:write',
  'sessions:write',
  'integrations:read',
  'integrations:write',
  'webhooks:read',
  'webhooks:write',
  'events:read',
  'providers:read',
  'providers:write',
  'changes:read',
  'metrics:read',
  'audit:read',
  'api_keys:manage',
  'tenants:manage',
] as const
export type Permission = (typeof permissions)[number]

/** What an API key can be limited to. */
export const keyLimits = ['tenants', 'providers'] as const
export type KeyLimit = (typeof keyLimits)[number]

/** Who may call a route. */
export type RouteAccess =
  /**
   * An API key with this permission. A key with a limit that the route does not enforce is refused: a
   * limit that was forgotten here shuts a key out, and lets none in.
   */
  | { readonly permission: Permission; readonly enforces: readonly KeyLimit[] }
  /** A browser, with the connect token of a session. */
  | 'connect_token'
  /** Anybody. */
  | 'open'

/** One route of the service, as data. The server serves it, the SDK calls it and OpenAPI describes it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With parameters as `:connectionId`. */
  readonly path: `/${string}`
  /** What it does, in a sentence. */
  readonly summary: string
  /** What else there is to know. */
  readonly description?: string
  readonly access: RouteAccess
  /** Parameters of the path; they name all that the path has. */
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly headers?: z.ZodObject
  /** JSON. A request without a body is read as `{}`. */
  readonly body?: z.ZodObject
  readonly answer: RouteAnswer
  /** Errors of its own; `errorsOf` adds those that come with its access and its request. */
  readonly errors: readonly ErrorCode[]
  /** It changes nothing, although its method is another than GET. */
  readonly isRead?: true
  /** Its answer holds a secret, which is shown once. */
  readonly answersSecret?: true
  /** The audit entry that a call leaves. Absent: none, unless it is refused. */
  readonly audit?: string
}

/** JSON of a schema, which may be had as a stream too, or a stream of another type. */
export type RouteAnswer =
  | {
      readonly status: 200 | 201 | 202
      readonly description: string
      readonly schema: z.ZodType
      readonly stream?: string
    }
  | { readonly status: 200; readonly description: string; readonly type: string }

/** The content type of an answer that is one JSON document on each line. */
export const linesOfJson = 'application/x-ndjson'

/** A route of the table with its literal types, for `answer` and the schemas. */
export const route = <const One extends Route>(one: One): One => one

/** What every key of a limited set of tenants and providers may call. */
export const needs = <const Name extends Permission>(
  permission: Name,
): { readonly permission: Name; readonly enforces: readonly KeyLimit[] } => ({
  permission,
  enforces: keyLimits,
})

type RoutePart = 'params' | 'query' | 'headers' | 'body'
type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : never

/** The parts of a request to a route, parsed by their schemas; it has those alone that the route has. */
export type RouteInput<One extends Route> = {
  readonly [Part in RoutePart as One extends Record<Part, z.ZodType> ? Part : never]: Parsed<
    One[Part]
  >
}

/** A route that answers JSON. */
export type JsonRoute = Route & { readonly answer: { readonly schema: z.ZodType } }

/** What such a route answers, parsed. */
export type AnswerOf<One extends JsonRoute> = z.output<One['answer']['schema']>

const always = ['unavailable', 'internal'] as const satisfies readonly ErrorCode[]
const byAccess = {
  api_key: ['unauthorized', 'forbidden', 'key_in_browser', 'rate_limited'],
  connect_token: ['unauthorized', 'origin_not_allowed', 'session_expired', 'rate_limited'],
  open: ['rate_limited'],
} as const satisfies Record<string, readonly ErrorCode[]>
const withBody = ['payload_too_large', 'unsupported_media_type'] as const

/** Every error that a route can answer: its own, and what its access and its request bring. */
export function errorsOf(one: Route): ErrorCode[] {
  const { access, params, query, headers, body } = one
  const input = params ?? query ?? headers ?? body
  return [
    ...new Set<ErrorCode>([
      ...byAccess[typeof access === 'string' ? access : 'api_key'],
      ...(input === undefined ? [] : (['invalid_request'] as const)),
      ...(body === undefined ? [] : withBody),
      // Of its Idempotency-Key.
      ...(isWriting(one) ? (['conflict'] as const) : []),
      ...one.errors,
      ...always,
    ]),
  ]
}

/** Whether a backend changes something by it: such a call may name itself by an `Idempotency-Key`. */
export function isWriting({ method, isRead, access }: Route): boolean {
  return method !== 'GET' && isRead !== true && typeof access === 'object'
}

/** `GET /v1/connections/:connectionId`. */
export function nameOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`
}
