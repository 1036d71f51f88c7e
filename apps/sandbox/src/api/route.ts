import type { Context } from 'hono'
import type { z } from 'zod'
import type { Env, Instance } from '../instance.ts'
import type { User } from '../store/state.ts'
import type { Store } from '../store/store.ts'
import { parseFields, readFields } from './input.ts'

/** One operation of the API. */
export interface ApiRoute {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/v4`, with GitLab's placeholders: `/projects/{id}/issues/{issue_iid}`. */
  path: string
  /**
   * Answers, or throws one of `refusals.ts`. Grape checks the parameters first, then the endpoint looks for the
   * place and for the right, so a handler begins with `call.read`.
   */
  handle: (call: ApiCall) => Response | Promise<Response>
  /** Scopes that open it besides `api`, and `read_api` where it only reads. */
  scopes?: readonly string[]
}

/** What a handler works with. */
export interface ApiCall {
  readonly instance: Instance
  readonly store: Store
  readonly user: User
  readonly context: Context<Env>
  /** A part of the path, decoded. */
  part(placeholder: string): string
  /** Query and body in one, read by a schema; refused in Grape's words. */
  read<T>(schema: z.ZodType<T>): T
  /** The address of the instance with a path below it. */
  url(path?: string): string
}

/** The scopes of which a token needs one. */
export function scopesOf({ method, scopes = [] }: ApiRoute): string[] {
  return method === 'GET' ? ['api', 'read_api', ...scopes] : ['api', ...scopes]
}

/** The path in the words of Hono. */
export function patternOf({ path }: Pick<ApiRoute, 'path'>): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

export async function answerCall(
  context: Context<Env>,
  instance: Instance,
  route: ApiRoute,
): Promise<Response> {
  const user = context.get('user')
  if (user === undefined) throw new Error('a route of the API forgot to ask for a token')
  const fields = await readFields(context)
  const answer = await route.handle({
    instance,
    store: instance.store,
    user,
    context,
    part: (placeholder) => context.req.param(placeholder) ?? '',
    read: (schema) => parseFields(fields, schema),
    url: (path = '') => instance.url() + path,
  })
  if (route.method !== 'GET') instance.store.touch()
  return answer
}

export function ok(body: unknown): Response {
  return Response.json(body)
}

export function created(body: unknown): Response {
  return Response.json(body, { status: 201 })
}

/** What a deletion that takes its time answers. */
export function accepted(): Response {
  return Response.json({ message: '202 Accepted' }, { status: 202 })
}

export function noContent(): Response {
  return new Response(null, { status: 204 })
}
