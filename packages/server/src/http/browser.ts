import { KeywellError } from '@keywell/protocol'
import { type Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { CookieOptions } from 'hono/utils/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { createCallback } from '../connect/callback.ts'
import type { Flows } from '../connect/flows.ts'
import type { KeyFormAnswer, KeyForms } from '../connect/key-form.ts'
import { keyFormPath } from '../connect/key-form-view.ts'
import type { Logger } from '../logger.ts'
import { type Environment, setRetryAfter } from './context.ts'
import { toKeywellError } from './failures.ts'
import { fromOf, limitByAddress } from './guards.ts'
import { keyPage, keyPageHeaders } from './key-page.ts'
import { leavingPage, problemPage, stylesheet } from './pages.ts'

interface BrowserParts {
  flows: Flows
  callback: ReturnType<typeof createCallback>
  keyForms: KeyForms
  rateLimits: RateLimits
  publicUrl: string
  logger: Logger
}

/**
 * The steps that a browser makes by itself: the form that starts a flow, and the callback or the form for a key
 * that ends it. They send the browser on, or answer with a page that says why not.
 */
export function browserRoutes(parts: BrowserParts): Hono<Environment> {
  const cookie = bindingCookie(parts.publicUrl)
  const router = new Hono<Environment>()
  // Here and not around all routes, so that a person who comes too often gets a page, too.
  for (const path of ['/connect/start', keyFormPath, '/connect/style.css', '/oauth/callback/*']) {
    router.use(path, limitByAddress(parts.rateLimits))
  }
  // Only a person's visit counts: a prefetch or a HEAD request must not spend anything.
  for (const path of [keyFormPath, '/oauth/callback/*']) {
    router.use(path, async (c, next) => {
      if (c.req.method === 'HEAD') return c.body(null, 200, unkept)
      if (isPrefetch(c.req.raw.headers)) return c.body(null, 503, unkept)
      return next()
    })
  }
  startRoute(router, cookie, parts)
  keyRoutes(router, cookie, parts)
  callbackRoute(router, cookie, parts)
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

function startRoute(
  router: Hono<Environment>,
  cookie: BindingCookie,
  { flows }: BrowserParts,
): void {
  router.post('/connect/start', async (c) => {
    const form = await c.req.parseBody()
    const startCode = form.start_code
    if (typeof startCode !== 'string' || startCode.length > 100) {
      throw new KeywellError('invalid_request', 'The form has no start_code.')
    }
    const started = await flows.start({
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
}

function keyRoutes(
  router: Hono<Environment>,
  cookie: BindingCookie,
  { keyForms, rateLimits }: BrowserParts,
): void {
  const browserOf = (c: Context<Environment>) => ({
    bindingSecret: (id: string) => getCookie(c, cookie.name(id), cookie.prefix),
    actor: 'browser',
    requestId: c.get('requestId'),
  })
  router.get(keyFormPath, async (c) => {
    const states = new URL(c.req.url).searchParams.getAll('state')
    return answerForm(c, await keyForms.show({ states, ...browserOf(c) }))
  })
  router.post(keyFormPath, async (c) => {
    rateLimits.pastedKey(fromOf(c).address)
    const fields = await c.req.parseBody()
    const origin = c.req.header('origin') ?? null
    return answerForm(c, await keyForms.submit({ fields, origin, ...browserOf(c) }))
  })
}

function answerForm(c: Context<Environment>, answer: KeyFormAnswer): Response | Promise<Response> {
  if ('location' in answer) return c.html(leavingPage(answer.location), 200)
  const { error } = answer.form
  // Every code's status is one that has a body.
  const status = (error?.status ?? 200) as ContentfulStatusCode
  return c.html(keyPage(answer.form), status, keyPageHeaders)
}

function callbackRoute(
  router: Hono<Environment>,
  cookie: BindingCookie,
  { callback }: BrowserParts,
): void {
  router.get('/oauth/callback/:integrationId', async (c) => {
    const { location } = await callback({
      integrationId: c.req.param('integrationId'),
      parameters: new URL(c.req.url).searchParams,
      bindingSecret: (id) => getCookie(c, cookie.name(id), cookie.prefix),
      isNavigation:
        c.req.header('sec-fetch-mode') === 'navigate' &&
        c.req.header('sec-fetch-dest') === 'document',
      actor: 'browser',
      requestId: c.get('requestId'),
    })
    // The cookie stays for its ten minutes: a browser that comes again gets the flow's status.
    return c.redirect(location.href, 303)
  })
}

const unkept = { 'cache-control': 'no-store' }

/** Whether a browser loads a page before anybody asked for it. It drops such an answer, and asks again. */
function isPrefetch(headers: Headers): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /^(prefetch|preview)/i.test(headers.get(name) ?? ''),
  )
}

interface BindingCookie {
  name: (flowId: string) => string
  prefix: 'host' | undefined
  options: CookieOptions
}

/**
 * One cookie per flow. `__Host-` needs https. Development rule: where the public URL is plain http
 * on loopback, the cookie has neither prefix nor `Secure`, since browsers disagree on whether
 * loopback counts as secure. Any other plain-http address is refused at start.
 */
function bindingCookie(publicUrl: string): BindingCookie {
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
