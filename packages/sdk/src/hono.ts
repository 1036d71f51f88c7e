/**
 * `connectHandler` for Hono:
 *
 *     app.all('/api/keywell/*', toHonoHandler(keywell, (c) => ({ tenantId: c.var.org, userId: c.var.user })))
 */
import type { Context, Env } from 'hono'
import { serve, type Who } from './handler/signed-in.ts'
import type { Keywell } from './keywell.ts'

/** To be mounted with `app.all`, with a path that ends in `/*`. */
export function toHonoHandler<E extends Env = Env>(
  keywell: Keywell,
  who: Who<Context<E>>,
): (c: Context<E>) => Promise<Response> {
  return async (c) => serve(keywell, () => c.req.raw, await who(c))
}
