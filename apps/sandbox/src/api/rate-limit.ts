import type { MiddlewareHandler } from 'hono'
import type { Env, Instance } from '../instance.ts'

const windowMs = 60_000

/** The calls of each user in this minute, if the settings limit them. */
export function rateLimited(instance: Instance): MiddlewareHandler<Env> {
  let window = 0
  const calls = new Map<number, number>()
  return async (c, next) => {
    const limit = instance.settings.apiCallsPerMinute
    const user = c.get('user')
    if (limit === null || user === undefined) return await next()
    const now = instance.now()
    if (Math.floor(now / windowMs) !== window) calls.clear()
    window = Math.floor(now / windowMs)
    const observed = (calls.get(user.id) ?? 0) + 1
    calls.set(user.id, observed)
    const endsAt = (window + 1) * windowMs
    if (observed <= limit) await next()
    else {
      c.res = new Response('Retry later\n', {
        status: 429,
        headers: {
          'content-type': 'text/plain',
          'retry-after': String(Math.ceil((endsAt - now) / 1_000)),
        },
      })
    }
    for (const [name, value] of Object.entries(headersOf(limit, observed, endsAt))) {
      c.header(name, value)
    }
  }
}

function headersOf(limit: number, observed: number, endsAt: number): Record<string, string> {
  return {
    'RateLimit-Limit': String(limit),
    'RateLimit-Name': 'throttle_authenticated_api',
    'RateLimit-Observed': String(observed),
    'RateLimit-Remaining': String(Math.max(0, limit - observed)),
    'RateLimit-Reset': String(endsAt / 1_000),
    'RateLimit-ResetTime': new Date(endsAt).toUTCString(),
  }
}
