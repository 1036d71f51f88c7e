import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Logger } from '../logger.ts'
import type { Environment } from './context.ts'

/** A line for each request, at `debug`: by its route, never by its path, which may hold a secret. */
export function logRequests({
  logger,
  monotonic,
}: {
  logger: Logger
  monotonic: () => number
}): MiddlewareHandler<Environment> {
  return async (c, next) => {
    if (logger.isLevelEnabled?.('debug') === false) return next()
    const begunMs = monotonic()
    await next()
    const { method } = c.req
    const found = matchedRoutes(c).find((each) => each.method === method && !isPattern(each.path))
    const ms = Math.round(monotonic() - begunMs)
    logger.debug(
      {
        requestId: c.get('requestId'),
        method,
        route: found?.path ?? null,
        status: c.res.status,
        ms,
      },
      'request finished',
    )
  }
}

/** Of middleware, which is for many routes. */
function isPattern(path: string): boolean {
  return path.includes('*')
}
