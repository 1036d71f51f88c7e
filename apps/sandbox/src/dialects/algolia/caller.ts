// https://github.com/algolia/api-clients-automation: specs/common/securitySchemes.yml
// https://www.algolia.com/doc/rest-api/search
import { createHmac, randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Env } from '../../instance.ts'
import { equal } from '../../oauth/client.ts'
import type { Application, Key, State } from './state.ts'

/** Does what a key of this application may ask for, or answers why not. */
export function withKey(
  c: Context<Env>,
  state: State,
  application: Application,
  work: (key: Key) => Response | Promise<Response>,
): Response | Promise<Response> {
  // "Every answer has a Correlation-ID header."
  c.header('Correlation-ID', randomUUID())
  const requestId = c.req.header('request-id')
  if (requestId !== undefined && !/^[A-Za-z0-9]{11}$/.test(requestId)) {
    state.wire.unexpected(c, 'a Request-ID that is not 11 letters and digits')
  }
  const id = c.req.header('x-algolia-application-id') ?? c.req.query('x-algolia-application-id')
  const value = c.req.header('x-algolia-api-key') ?? c.req.query('x-algolia-api-key') ?? ''
  if (c.req.query('x-algolia-api-key') !== undefined) {
    state.wire.unexpected(c, 'a key in the query, which is for browsers')
  }
  const key = id === application.id ? keyOf(state, application, value) : undefined
  // https://github.com/algolia/docsearch/issues/1261 has the body: a dead key is a 403
  if (key === undefined) return refuse(c, 403, 'Invalid Application-ID or API key')
  if (key === 'expired')
    return refuse(c, 403, 'The secured API key has expired: validUntil is past')
  return work(key)
}

function keyOf(state: State, application: Application, value: string): Key | 'expired' | undefined {
  return state.active(application, value) ?? securedKey(state, application, value)
}

/**
 * A key that a customer derives offline: base64 of an HMAC by its parent, and of the parameters.
 * https://www.algolia.com/doc/guides/security/api-keys/how-to/user-restricted-access-to-data
 */
function securedKey(
  state: State,
  application: Application,
  value: string,
): Key | 'expired' | undefined {
  const text = Buffer.from(value, 'base64').toString()
  const [proof, parameters] = [text.slice(0, 64), text.slice(64)]
  const parent = [...application.keys.values()].find(
    (key) =>
      !key.admin && equal(createHmac('sha256', key.value).update(parameters).digest('hex'), proof),
  )
  const living = parent === undefined ? undefined : state.active(application, parent.value)
  if (living === undefined) return undefined
  const validUntil = new URLSearchParams(parameters).get('validUntil')
  const isPast = validUntil !== null && state.clock.isPast(Number(validUntil) * 1_000)
  return isPast ? 'expired' : { ...living, value, admin: false }
}

/** https://github.com/algolia/docsearch-configs/issues/3008 */
export function notAllowed(c: Context): Response {
  return refuse(c, 403, 'Method not allowed with this API key')
}

/** The status stands in the body too. */
export function refuse(c: Context, status: ContentfulStatusCode, message: string): Response {
  return c.json({ message, status }, status)
}
