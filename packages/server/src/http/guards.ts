import { KeywellError, nameOf, routeList } from '@keywell/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import { type Access, grantsOf, requirePermission } from '../auth/access.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import { cachedMs } from '../auth/key-cache.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { Sessions } from '../connect/sessions.ts'
import type { Logger } from '../logger.ts'
import type { SessionRow } from '../store/sessions.ts'
import { type Environment, type From, routeOf } from './context.ts'
import type { RefusedCalls } from './refused-calls.ts'

const bearer = /^Bearer ([\x21-\x7e]{1,4096})$/i

interface KeyGuardParts {
  apiKeys: ApiKeys
  rateLimits: RateLimits
  refusedCalls: RefusedCalls
  logger: Logger
  monotonic: () => number
}

/** `/v1/*`: a backend with an API key that may do this, in the header, never from a browser. */
export function requireApiKey(parts: KeyGuardParts): MiddlewareHandler<Environment> {
  const { refusedCalls } = parts
  return async (c, next) => {
    const key = keyOf(c, parts)
    const access = await verify(key, fromOf(c).address, parts).catch((error: unknown) => {
      refusedCalls.wrongKey(c, error)
      throw error
    })
    const { id } = access
    admit(c, access, parts)
    const beyond = (tenantId: string) => refusedCalls.beyondLimits(c, id, tenantId)
    c.set('principal', { kind: 'api_key', access: { ...access, beyond } })
    const begunAt = parts.monotonic()
    await next()
    if (isRead(c) && parts.monotonic() - begunAt > cachedMs) {
      await requireUnchanged(c, key, access, parts)
    }
    // What a route refuses by itself: the rest of its errors say nothing about the key.
    if (c.error instanceof KeywellError && c.error.code === 'forbidden') {
      refusedCalls.rightKey(c, id, c.error)
    }
  }
}

/** Undefined: there is none. */
export function bearerOf(c: Context<Environment>): string | undefined {
  return bearer.exec(c.req.header('authorization') ?? '')?.[1]
}

function keyOf(c: Context<Environment>, { rateLimits }: KeyGuardParts): string {
  const key = bearerOf(c)
  if (key !== undefined) return key
  rateLimits.request(fromOf(c).address)
  throw new KeywellError('unauthorized', 'No API key was sent.')
}

/** Only wrong keys count, so that callers who share an address with an attacker are let in. */
async function verify(
  key: string,
  address: string | undefined,
  { apiKeys, rateLimits }: KeyGuardParts,
): Promise<Access> {
  try {
    return await apiKeys.verify(key)
  } catch (error) {
    if (error instanceof KeywellError && error.code === 'unauthorized')
      rateLimits.failedAuth(address)
    throw error
  }
}

function admit(c: Context<Environment>, access: Access, parts: KeyGuardParts): void {
  try {
    requireAllowed(c, access, parts)
  } catch (error) {
    parts.refusedCalls.rightKey(c, access.id, error)
    throw error
  }
}

function requireAllowed(c: Context<Environment>, access: Access, parts: KeyGuardParts): void {
  const { id: keyId } = access
  parts.rateLimits.call(keyId)
  if (c.req.header('origin') !== undefined) {
    parts.logger.error({ alarm: 'key_in_browser', keyId }, 'API key sent by a browser')
    throw new KeywellError('key_in_browser', 'This request carries an API key and an Origin.')
  }
  const route = routeOf(c)
  // A route that does not exist is answered as such.
  if (route !== undefined) requirePermission(access, route)
}

/** What took long to find out is not given to a key that has ended meanwhile. */
async function requireUnchanged(
  c: Context<Environment>,
  key: string,
  access: Access,
  { apiKeys }: KeyGuardParts,
): Promise<void> {
  try {
    if (grantsOf(await apiKeys.verify(key)) === grantsOf(access)) return
    throw new KeywellError('forbidden', 'What this API key may do was changed during the call.', {
      nextStep: 'Call again.',
    })
  } catch (error) {
    // An answer that is not sent gives back what it holds.
    await c.res.body?.cancel()
    throw error
  }
}

/** Routes that change nothing, although their method is another than GET. */
const reads = new Set(routeList.filter(({ isRead }) => isRead === true).map(nameOf))

/** Whether a refusal undoes all that the call has done: it has read, and changed nothing. */
function isRead(c: Context<Environment>): boolean {
  return c.req.method === 'GET' || reads.has(routeOf(c) ?? '')
}

/** For calls without a key: of browsers, mostly. */
export function limitByAddress(rateLimits: RateLimits): MiddlewareHandler<Environment> {
  return async (c, next) => {
    rateLimits.request(fromOf(c).address)
    await next()
  }
}

/** Empty when `fetch` was called with a request alone. */
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
    const session = await openSession(c, parts.sessions).catch((error: unknown) => {
      allow() // there is nothing to read but that the session is over
      throw error
    })
    if (origin !== undefined && !session.policy.origins.includes(origin)) {
      parts.refusedCalls.foreignPage(c, session)
      throw new KeywellError('origin_not_allowed', `This connect session is not for ${origin}.`)
    }
    allow()
    c.set('principal', { kind: 'connect_token', session })
    await next()
  }
}

async function openSession(
  c: Context<Environment>,
  sessions: Pick<Sessions, 'open'>,
): Promise<SessionRow> {
  const token = bearerOf(c)
  if (token !== undefined) return sessions.open(token)
  throw new KeywellError('unauthorized', 'No connect token was sent.', {
    nextStep: "Get a connect session from the app's backend.",
  })
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
