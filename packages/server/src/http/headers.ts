import { KeywellError } from '@keywell/protocol'
import type { MiddlewareHandler } from 'hono'
import type { Environment } from './context.ts'

/** No script, no frame, no text from the query: there is nothing to inject into (T10). */
const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/**
 * On every answer, page or not: whatever a browser makes of it, it runs nothing, frames nothing,
 * sends no `Referer`, and no other site's page may embed it.
 */
export function secureHeaders({ https }: { https: boolean }): MiddlewareHandler<Environment> {
  const headers = Object.entries({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': policy,
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    ...(https ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
  })
  return async (c, next) => {
    // Set before the answer is made, so that it is made once.
    for (const [name, value] of headers) c.header(name, value)
    await next()
  }
}

/** `application/json`, with parameters or without; a form or text/plain is what another site can send. */
const json = /^application\/json\s*(;|$)/i

/** A body is JSON and says so. */
export const requireJson: MiddlewareHandler<Environment> = async (c, next) => {
  const type = c.req.header('content-type')
  const hasBody =
    c.req.header('transfer-encoding') !== undefined ||
    Number(c.req.header('content-length') ?? 0) > 0
  if (hasBody && !json.test(type ?? '')) {
    throw new KeywellError(
      'unsupported_media_type',
      type === undefined
        ? 'The body has no Content-Type.'
        : `${type.slice(0, 100)} is not taken here.`,
    )
  }
  await next()
}
