import { createHmac, timingSafeEqual } from 'node:crypto'
import { isWriting, KeywellError, nameOf, type Route, routeList, routes } from '@keywell/protocol'
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { isWithinLimits } from '../auth/access.ts'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Logger } from '../logger.ts'
import { OutboundError } from '../outbound/errors.ts'
import type { Database } from '../store/database.ts'
import * as store from '../store/idempotent-calls.ts'
import { installation } from '../store/scope.ts'
import { lengthPrefixed } from '../vault/bytes.ts'
import { type Environment, routeOf } from './context.ts'
import { principalOf } from './principal.ts'
import { tenantOf } from './refused-calls.ts'

/** The one use of the pepper that these MACs are under. */
export const idempotencyPepperLabel = 'keywell/1/idempotency'

/** When to ask again for a call that is under way, in milliseconds. */
const retryAfterMs = 1_000

export interface CallMacs {
  /** Over a request: its URL and its body. */
  ofRequest(name: store.CallName, url: string, body: string): Uint8Array
  /** Over an answer, and the request that it answers. */
  ofAnswer(requestMac: Uint8Array, answer: { status: number; answer: string | null }): Uint8Array
}

export function createCallMacs(pepper: Uint8Array): CallMacs {
  const hmac = (...parts: (string | Uint8Array)[]) =>
    createHmac('sha256', pepper)
      .update(lengthPrefixed(...parts))
      .digest()
  return {
    ofRequest: ({ tenantId, apiKeyId, route, key }, url, body) =>
      hmac('request', tenantId, apiKeyId, route, key, url, body),
    ofAnswer: (requestMac, { status, answer }) =>
      hmac(
        'answer',
        requestMac,
        String(status),
        answer === null ? 'withheld' : 'kept',
        answer ?? '',
      ),
  }
}

/**
 * The end of a tenant leaves no row of it, and may be repeated. A tool's key is of its connection, and a repeat passes
 * its checks.
 */
const others: ReadonlySet<string> = new Set([
  nameOf(routes.tenants.erase),
  nameOf(routes.tools.execute),
])

/** Routes that write, and whose calls are kept here. */
const writing: ReadonlyMap<string, Route> = new Map(
  routeList
    .filter(isWriting)
    .map((route) => [nameOf(route), route] as const)
    .filter(([name]) => !others.has(name)),
)

type Parts = {
  database: Database
  peppers: Pick<Peppers<CallMacs>, 'present' | 'find'>
  logger: Logger
}

/**
 * Carries a writing call with an `Idempotency-Key` out once. For 24 hours the same call under the same key gets
 * the answer of the first, another one `conflict`. A call that fails is forgotten, and may be made again.
 *
 * A process that ends between the act and the keeping of its answer leaves the call under way: it is not carried
 * out a second time.
 */
export function idempotent(parts: Parts): MiddlewareHandler<Environment> {
  const { database, peppers, logger } = parts
  return async (c, next) => {
    const route = writing.get(routeOf(c) ?? '')
    const key = route && idempotencyKeyOf(c)
    if (key === undefined || route === undefined) return next()
    const { access } = principalOf(c, 'api_key')
    const tenantId = await tenantOf(c)
    // What a key may not see is refused by the route, and leaves nothing with the tenant.
    if (!isWithinLimits(access, tenantId)) return next()
    const name = {
      tenantId: tenantId ?? installation,
      apiKeyId: access.id,
      route: nameOf(route),
      key,
    }
    const { pathname, search } = new URL(c.req.url)
    const request = { url: pathname + search, body: await c.req.text() }
    const { version, macs } = peppers.present()
    const requestMac = macs.ofRequest(name, request.url, request.body)
    const call = { ...name, requestId: c.get('requestId'), requestMac, pepperVersion: version }
    const sql = database.of(name.tenantId)
    if (!(await begin(sql, call))) {
      const { status, answer } = await earlierAnswer(parts, name, request)
      c.header('idempotency-replayed', 'true')
      c.header('content-type', 'application/json')
      return c.body(answer, status as ContentfulStatusCode)
    }
    await next()
    // It stays under way: whether the provider has done it is not known, so it is not done a second time.
    if (isOutcomeUnknown(c.error)) return
    if (!c.res.ok) return store.forgetCall(sql, call).catch(lost)
    const answer = route.answersSecret ? null : await c.res.clone().text()
    const answered = { status: c.res.status, answer }
    const answerMac = macs.ofAnswer(requestMac, answered)
    await store.endCall(sql, { ...call, ...answered, answerMac }).catch(lost)
  }

  /** The call was carried out or refused already; a failure to store that does not change it. */
  function lost(error: unknown): void {
    logger.warn({ reason: String(error) }, 'idempotent answer not stored')
  }
}

/** A change was sent to a provider, and there is no answer. */
function isOutcomeUnknown(error: Error | undefined): boolean {
  if (!(error instanceof KeywellError)) return false
  return error.cause instanceof OutboundError && !error.cause.notSent
}

/** As the caller named its change. @throws KeywellError `invalid_request` */
export function idempotencyKeyOf(c: Context<Environment>): string | undefined {
  const key = c.req.header('idempotency-key')
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new KeywellError(
    'invalid_request',
    'Idempotency-Key: must be 1 to 255 visible ASCII characters, without spaces',
  )
}

/** False: a call of this name was begun before. */
async function begin(
  sql: ReturnType<Database['of']>,
  call: Parameters<typeof store.beginCall>[1],
): Promise<boolean> {
  try {
    return await store.beginCall(sql, call)
  } catch (error) {
    // Nothing is kept of a tenant that is erased; what the call may do there, its route knows.
    if (error instanceof KeywellError && error.code === 'tenant_erased') return true
    throw error
  }
}

/** What the first call was answered. @throws KeywellError `conflict` where a repeat cannot have that */
async function earlierAnswer(
  { database, peppers, logger }: Parts,
  name: store.CallName,
  { url, body }: { url: string; body: string },
): Promise<{ status: number; answer: string }> {
  const row = await store.findCall(database.of(name.tenantId), name)
  if (row === undefined) throw underWay()
  const macs = await peppers.find(row.pepperVersion)
  if (!isSame(macs?.ofRequest(name, url, body), row.requestMac)) {
    throw new KeywellError('conflict', 'This Idempotency-Key was used for another request.', {
      nextStep: 'Use a new key for each change.',
    })
  }
  const { status, answer, requestMac, answerMac } = row
  if (status === null || answerMac === null) throw underWay()
  if (!isSame(macs?.ofAnswer(requestMac, { status, answer }), answerMac)) {
    logger.error({ alarm: 'answer_altered', requestId: row.requestId }, 'idempotent answer altered')
    throw new KeywellError('conflict', 'What is kept of the answer to this call was changed.', {
      nextStep: 'Look whether the change was made; if not, use a new key.',
    })
  }
  if (answer !== null) return { status, answer }
  throw new KeywellError(
    'conflict',
    'This call was made already, and its answer is not kept, because it holds a secret.',
    { nextStep: 'Replace or revoke what the first call made, and use a new Idempotency-Key.' },
  )
}

function underWay(): KeywellError {
  return new KeywellError('conflict', 'A call under this Idempotency-Key is under way.', {
    retryAfterMs,
    nextStep:
      'Try again after retryAfterMs. If it stays so, the call was cut off: look whether the change was made; if not, use a new key.',
  })
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && one.length === other.length && timingSafeEqual(one, other)
}
