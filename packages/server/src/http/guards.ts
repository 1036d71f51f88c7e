import { KeywellError, nameOf, routes } from '@keywell/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import { type Access, grantsOf, requirePermission } from '../auth/access.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import { cachedMs } from '../auth/key-check.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { Sessions } from '../connect/sessions.ts'
import type { Logger } from '../logger.ts'
import { type Environment, type From, routeOf } from './context.ts'
import type { RefusedCalls } from './refused-calls.ts'

const bearer = /^Bearer ([\x21-\x7e]{1,4096})$/i

/** `/v1/*`: a backend with an API key that may do this, in the header, never from a browser. */
export function requireApiKey(parts: {
  apiKeys: ApiKeys
  rateLimits: RateLimits
  refusedCalls: RefusedCalls
  logger: Logger
  monotonic: () => number
}): MiddlewareHandler<Environment> {
  const { apiKeys, rateLimits, refusedCalls } = parts

  /** Only what turned out wrong counts: whoever shares an address with somebody who guesses is let in. */
  async function verify(key: string, address: string | undefined): Promise<Access> {
    try {
      return await apiKeys.verify(key)
    } catch (error) {
      if (error instanceof KeywellError && error.code === 'unauthorized')
        rateLimits.failedAuth(address)
      throw error
    }
  }

  return async (c, next) => {
    const { address } = fromOf(c)
    const key = bearer.exec(c.req.header('authorization') ?? '')?.[1]
    if (key === undefined) {
      rateLimits.request(address)
      throw new KeywellError('unauthorized', 'No API key was sent.')
    }
    const access = await verify(key, address).catch((error: unknown) => {
      refusedCalls.wrongKey(c, error)
      throw error
    })
    const { id } = access
    try {
      admit(c, access)
    } catch (error) {
      refusedCalls.rightKey(c, id, error)
      throw error
    }
    c.set('access', {
      ...access,
      beyond: (tenantId) => refusedCalls.beyondLimits(c, id, tenantId),
    })
    c.set('actor', `key:${id}`)
    const begunAt = parts.monotonic()
    await next()
    if (isRead(c) && parts.monotonic() - begunAt > cachedMs) {
      await requireSame(key, access).catch(async (error: unknown) => {
        // What nobody will read gives back what it holds.
        await c.res.body?.cancel()
        throw error
      })
    }
    // What a route refuses by itself: the rest of its errors say nothing about the key.
    if (c.error instanceof KeywellError && c.error.code === 'forbidden') {
      refusedCalls.rightKey(c, id, c.error)
    }
  }

  /** What took long to find out is not given to a key that has ended meanwhile. */
  async function requireSame(key: string, access: Access): Promise<void> {
    if (grantsOf(await apiKeys.verify(key)) === grantsOf(access)) return
    throw new KeywellError('forbidden', 'What this API key may do was changed during the call.', {
      nextStep: 'Call again.',
    })
  }

  function admit(c: Context<Environment>, access: Access): void {
    rateLimits.call(access.id)
    if (c.req.header('origin') !== undefined) {
      const { id: keyId } = access
      parts.logger.error({ alarm: 'key_in_browser', keyId }, 'API key sent by a browser')
      throw new KeywellError('key_in_browser', 'This request carries an API key and an Origin.')
    }
    const route = routeOf(c)
    // A route that does not exist is answered as such.
    if (route !== undefined) requirePermission(access, route)
  }
}

/** Whether a refusal undoes all that the call has done: it has read, and changed nothing. */
function isRead(c: Context<Environment>): boolean {
  return c.req.method === 'GET' || routeOf(c) === nameOf(routes.credentials.read)
}

/** Whoever comes without a key: browsers, mostly. */
export function limitByAddress(rateLimits: RateLimits): MiddlewareHandler<Environment> {
  return async (c, next) => {
    rateLimits.request(fromOf(c).address)
    await next()
  }
}

/** Whoever calls `fetch` with a request alone leaves nothing here. */
export function fromOf(c: Context<Environment>): From {
  const from: From | undefined = c.env
  return from ?? {}
}

/**
 * `/connect/*`: a browser with a connect token. Answers are readable by the session's exact origins
 * and no others; no cookie is ever taken along.
 */
export function requireConnectToken(parts: {
  sessions: Pick<Sessions, 'open'>
  refusedCalls: Pick<RefusedCalls, 'foreignPage'>
}): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const origin = c.req.header('origin')
    const allow = () => {
      if (origin === undefined) return
      c.header('access-control-allow-origin', origin)
      c.header('vary', 'Origin')
    }
    const token = bearer.exec(c.req.header('authorization') ?? '')?.[1]
    try {
      if (token === undefined) {
        throw new KeywellError('unauthorized', 'No connect token was sent.', {
          nextStep: "Get a connect session from the app's backend.",
        })
      }
      c.set('session', await parts.sessions.open(token))
    } catch (error) {
      allow() // there is nothing to read but that the session is over
      throw error
    }
    const { policy, userId } = c.get('session')
    if (origin !== undefined && !policy.origins.includes(origin)) {
      parts.refusedCalls.foreignPage(c, c.get('session'))
      throw new KeywellError('origin_not_allowed', `This connect session is not for ${origin}.`)
    }
    allow()
    c.set('actor', `user:${userId}`)
    await next()
  }
}

/** Lets a browser ask whether it may send the connect token's header. */
export const answerPreflight: MiddlewareHandler<Environment> = async (c, next) => {
  if (c.req.method !== 'OPTIONS') return next()
  return c.body(null, 204, {
    'access-control-allow-origin': c.req.header('origin') ?? 'null',
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': 'authorization, content-type',
    'access-control-max-age': '600',
    vary: 'Origin',
  })
}
