import { KeywellError, type Route, type RouteInput } from '@keywell/protocol'
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z } from 'zod'
import type { RequestActor } from '../audit/actor.ts'
import type { RequestAccess } from '../auth/access.ts'
import { invalidRequest } from '../invalid-request.ts'
import type { SessionRow } from '../store/sessions.ts'
import type { Environment } from './context.ts'
import { callerOf, principalOf } from './principal.ts'

/** A request as the handler of its route gets it: parsed by the route's schemas, and who sent it. */
type Call<One extends Route> = RouteInput<One> & Sender<One['access']>

type Sender<Access> = Access extends 'connect_token'
  ? { readonly session: SessionRow; readonly caller: RequestActor }
  : Access extends 'open'
    ? unknown
    : { readonly access: RequestAccess; readonly caller: RequestActor }

/** What a handler answers: JSON of the route's schema, or a response of its own for a stream. */
type Answer<One extends Route> = One['answer'] extends { schema: infer Schema extends z.ZodType }
  ? z.input<Schema> | Response
  : Response

/**
 * Serves a route of the table. The guards in front of it know its permission by the same table.
 *
 *     serve(app, routes.connections.get, ({ params, query }) => …)
 */
export function serve<One extends Route>(
  app: Hono<Environment>,
  route: One,
  handle: (call: Call<One>, c: Context<Environment>) => Answer<One> | Promise<Answer<One>>,
): void {
  // Every status of the table is one that has a body.
  const status = route.answer.status as ContentfulStatusCode
  app.on(route.method, route.path, async (c) => {
    const call = { ...senderOf(c, route), ...(await inputOf(c, route)) }
    // Each part was parsed by the schema that gives it its type; `senderOf` goes by the same `access`.
    const answer = await handle(call as Call<One>, c)
    return answer instanceof Response ? answer : c.json(answer as object, status)
  })
}

/** A route that the guard of its access is not in front of is served to nobody. */
function senderOf(c: Context<Environment>, { access }: Route): object {
  if (access === 'open') return {}
  if (access === 'connect_token') {
    return { session: principalOf(c, 'connect_token').session, caller: callerOf(c) }
  }
  return { access: principalOf(c, 'api_key').access, caller: callerOf(c) }
}

type Parts = { params?: unknown; query?: unknown; headers?: unknown; body?: unknown }

async function inputOf(
  c: Context<Environment>,
  { params, query, headers, body }: Route,
): Promise<Parts> {
  const input: Parts = {}
  if (params !== undefined) input.params = parse(params, c.req.param())
  if (query !== undefined) input.query = parse(query, queryOf(c))
  if (headers !== undefined) input.headers = parse(headers, c.req.header())
  if (body !== undefined) input.body = parse(body, await readJson(c))
  return input
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalidRequest(parsed.error)
  return parsed.data
}

/** A parameter that comes twice is an array, which no schema takes. */
function queryOf(c: Context<Environment>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [
      name,
      values.length === 1 ? values[0] : values,
    ]),
  )
}

async function readJson(c: Context<Environment>): Promise<unknown> {
  const text = await c.req.text()
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KeywellError('invalid_request', 'The body is not JSON.', { cause })
  }
}

/** The headers of a stream: its type by the table, and kept nowhere. */
export function streamHeaders({ answer }: { readonly answer: { readonly type: string } }): {
  'content-type': string
  'cache-control': string
} {
  return { 'content-type': answer.type, 'cache-control': 'no-store' }
}
