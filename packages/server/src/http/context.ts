import type { KeywellError } from '@keywell/protocol'
import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Principal } from './principal.ts'

/** What the HTTP server knows of a request, and its text does not say. */
export interface From {
  /**
   * IP address of the client; of the first proxy that is not ours. Without it wrong API keys and calls
   * without a key are not limited.
   */
  address?: string | undefined
  /** What servers pass by themselves is welcome, and not looked at. */
  [other: string]: unknown
}

/** What the middleware leaves for the routes. */
export interface Environment {
  Bindings: From
  Variables: {
    requestId: string
    /** Set by the guard that let the request in; undefined where there is none. */
    principal: Principal | undefined
    /** Of a caller without a right token, where more is to be said than `Bearer`. */
    challenge: string | undefined
  }
}

/** The route of a request, as `METHOD /path/:connectionId`; undefined: there is no such route. */
export function routeOf(c: Context<Environment>): string | undefined {
  // Middleware stands in the list too, under every method.
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL')
  return route && `${route.method} ${route.path}`
}

/** One error, one shape: `application/problem+json` (RFC 9457). */
export function answerProblem(c: Context<Environment>, error: KeywellError): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  setRetryAfter(c, error)
  if (error.code === 'unauthorized') headers['www-authenticate'] = c.get('challenge') ?? 'Bearer'
  const problem = JSON.stringify(error.toProblem(c.get('requestId')))
  // Every code's status is one that has a body.
  return c.body(problem, error.status as ContentfulStatusCode, headers)
}

/** In whole seconds, rounded up. */
export function setRetryAfter(c: Context<Environment>, { retryAfterMs }: KeywellError): void {
  if (retryAfterMs !== undefined) c.header('retry-after', String(Math.ceil(retryAfterMs / 1000)))
}
