import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { AcmeError } from './failures.ts'

/**
 * Refuses writes that another site sends. The cookie is `SameSite=Lax`, which already keeps it off
 * such requests; but a page on another port of localhost is the *same site*, and every browser says
 * in `Origin` which page asks.
 */
export function sameOriginWrites(origin: string): MiddlewareHandler {
  return async (c, next) => {
    const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!reads && c.req.header('origin') !== origin) {
      throw new AcmeError('forbidden', 'This request did not come from Acme.')
    }
    await next()
  }
}

/**
 * Headers of every answer, except where the Keywell handler has set its own.
 *
 * @param keywellOrigin of the service: the page watches flows there and posts the start form to it
 */
export function headers(keywellOrigin: string): MiddlewareHandler {
  return secureHeaders({
    overwrite: false,
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'", keywellOrigin],
      formAction: ["'self'", keywellOrigin],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    crossOriginOpenerPolicy: 'same-origin-allow-popups',
    // Not `no-referrer`: that turns the Origin of the start form into `null`, and Keywell refuses it.
    referrerPolicy: 'strict-origin-when-cross-origin',
    xFrameOptions: 'DENY',
    permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
    strictTransportSecurity: false,
  })
}
