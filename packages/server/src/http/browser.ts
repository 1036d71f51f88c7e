import { KeywellError } from '@keywell/protocol'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { createCallback } from '../connect/callback.ts'
import type { Flows } from '../connect/flows.ts'
import type { Logger } from '../logger.ts'
import { type Environment, setRetryAfter } from './context.ts'
import type { Door } from './door.ts'
import { toKeywellError } from './failures.ts'
import { limitVisits } from './guards.ts'
import { leavingPage, problemPage, stylesheet } from './pages.ts'

/**
 * The two steps that a browser makes by itself: the form that starts a flow, and the callback that
 * ends it. Both send the browser on, or answer with a page that says why not.
 */
export function browserRoutes(parts: {
  flows: Flows
  callback: ReturnType<typeof createCallback>
  door: Door
  publicUrl: string
  logger: Logger
}): Hono<Environment> {
  const cookie = bindingCookie(parts.publicUrl)
  const router = new Hono<Environment>()
  // Here and not around all routes, so that a person who comes too often gets a page, too.
  for (const path of ['/connect/start', '/connect/style.css', '/oauth/callback/*']) {
    router.use(path, limitVisits(parts.door))
  }

  router.post('/connect/start', async (c) => {
    const form = await c.req.parseBody()
    const startCode = form.start_code
    if (typeof startCode !== 'string' || startCode.length > 100) {
      throw new KeywellError('invalid_request', 'The form has no start_code.')
    }
    const started = await parts.flows.start({
      startCode,
      origin: c.req.header('origin') ?? null,
      actor: 'browser',
      requestId: c.get('requestId'),
    })
    setCookie(c, cookie.name(started.flowId), started.bindingSecret, {
      ...cookie.options,
      maxAge: started.cookieLifeMs / 1000,
    })
    return c.html(leavingPage(started.location), 200)
  })

  router.get('/oauth/callback/:integrationId', async (c) => {
    const { location, flowId } = await parts.callback({
      integrationId: c.req.param('integrationId'),
      parameters: new URL(c.req.url).searchParams,
      bindingSecret: (id) => getCookie(c, cookie.name(id), cookie.prefix),
      actor: 'browser',
      requestId: c.get('requestId'),
    })
    deleteCookie(c, cookie.name(flowId), cookie.options)
    return c.redirect(location.href, 303)
  })

  router.get('/connect/style.css', (c) =>
    c.body(stylesheet, 200, {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=3600',
    }),
  )

  router.onError((thrown, c) => {
    const requestId = c.get('requestId')
    const error = toKeywellError(thrown, parts.logger, requestId)
    // Every code's status is one that has a body.
    const status = error.status as ContentfulStatusCode
    setRetryAfter(c, error)
    return c.html(problemPage(error, requestId), status)
  })
  return router
}

/**
 * One cookie per flow. `__Host-` needs https. Development rule: where the public URL is plain http
 * on loopback, the cookie has neither prefix nor `Secure`, since browsers disagree on whether
 * loopback counts as secure. Any other plain-http address is refused at start.
 */
function bindingCookie(publicUrl: string): {
  name: (flowId: string) => string
  prefix: 'host' | undefined
  options: CookieOptions
} {
  const https = new URL(publicUrl).protocol === 'https:'
  return {
    name: (flowId) => `keywell-${flowId}`,
    prefix: https ? 'host' : undefined,
    options: {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: https,
      ...(https ? { prefix: 'host' } : {}),
    },
  }
}
