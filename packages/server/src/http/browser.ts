import { KeywellError } from '@keywell/protocol'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { RateLimits } from '../auth/rate-limits.ts'
import { donePath } from '../connect/browser-return.ts'
import type { createCallback } from '../connect/callback.ts'
import type { DeviceFormAnswer, DeviceForms } from '../connect/device-form.ts'
import { deviceFormPath } from '../connect/device-form-view.ts'
import type { ShowDone } from '../connect/done-page.ts'
import type { Flows } from '../connect/flows.ts'
import type { KeyFormAnswer, KeyForms } from '../connect/key-form.ts'
import { keyFormPath } from '../connect/key-form-view.ts'
import type { LinkForms } from '../connect/link-form.ts'
import type { LinkChoice } from '../connect/link-view.ts'
import { linkPath } from '../connect/links.ts'
import type { StartedFlow } from '../connect/start-flow.ts'
import type { Logger } from '../logger.ts'
import { approvalPath } from '../tools/approval-links.ts'
import { type ApprovalPageRoutes, approvalPageRoutes } from './approval-pages.ts'
import { type BindingCookie, bindingCookie } from './binding-cookie.ts'
import { type Environment, setRetryAfter } from './context.ts'
import { toKeywellError } from './failures.ts'
import { fromOf, limitByAddress } from './guards.ts'
import type { Appearance } from './pages/appearance.ts'
import { devicePage } from './pages/device-page.ts'
import { donePage } from './pages/done-page.ts'
import { formHeaders, type Look, scriptHeaders } from './pages/frame.ts'
import { keyPage } from './pages/key-page.ts'
import { leavingPage } from './pages/leaving-page.ts'
import { linkPage } from './pages/link-page.ts'
import { problemPage } from './pages/problem-page.ts'
import { script } from './pages/script.ts'
import { stylesheetOf } from './pages/style.ts'
import { textsFor } from './pages/texts/index.ts'
import { callerOf } from './principal.ts'

export interface BrowserParts extends ApprovalPageRoutes {
  flows: Flows
  callback: ReturnType<typeof createCallback>
  keyForms: KeyForms
  deviceForms: DeviceForms
  linkForms: LinkForms
  showDone: ShowDone
  rateLimits: RateLimits
  appearance: Appearance
  logger: Logger
}

/** Where a person's visit ends a step, and nothing else may: a prefetch or a HEAD request must not spend anything. */
const visitedPaths = [
  keyFormPath,
  deviceFormPath,
  donePath,
  `${linkPath}/*`,
  `${approvalPath}/*`,
  '/oauth/callback/*',
]

/**
 * The steps that a browser makes by itself: the form that starts a flow, the page of a link, and the callback or the
 * form for a key that ends it. They send the browser on, or answer with a page that says why not.
 */
export function browserRoutes(parts: BrowserParts): Hono<Environment> {
  const cookie = bindingCookie(parts.publicUrl)
  const router = new Hono<Environment>()
  // Here and not around all routes, so that a person who comes too often gets a page, too.
  for (const path of [
    '/connect/start',
    ...visitedPaths,
    ...Object.keys(filesOf(parts.appearance)),
  ]) {
    router.use(path, limitByAddress(parts.rateLimits), asHostedPage)
  }
  for (const path of visitedPaths) {
    router.use(path, async (c, next) => {
      if (c.req.method === 'HEAD') return c.body(null, 200, unkept)
      if (isPrefetch(c.req.raw.headers)) return c.body(null, 503, unkept)
      return next()
    })
  }
  startRoute(router, cookie, parts)
  linkRoutes(router, cookie, parts)
  keyRoutes(router, cookie, parts)
  deviceRoutes(router, cookie, parts)
  doneRoute(router, cookie, parts)
  callbackRoute(router, cookie, parts)
  approvalPageRoutes(router, cookie, parts, (c) => lookOf(c, parts))
  fileRoutes(router, parts)
  router.onError((thrown, c) => {
    const requestId = c.get('requestId')
    const error = toKeywellError(thrown, parts.logger, requestId)
    // Every code's status is one that has a body.
    const status = error.status as ContentfulStatusCode
    setRetryAfter(c, error)
    const byLink = [linkPath, approvalPath].some((path) => c.req.path.startsWith(`${path}/`))
    const of = byLink ? 'link' : 'flow'
    return c.html(problemPage(lookOf(c, parts), error, { requestId, of }), status)
  })
  return router
}

/** Anybody with a browser may come; what a page can do, its cookie and its form say. */
const asHostedPage: MiddlewareHandler<Environment> = (c, next) => {
  c.set('principal', { kind: 'hosted_page' })
  return next()
}

function lookOf(c: Context<Environment>, { appearance }: Pick<BrowserParts, 'appearance'>): Look {
  return { appearance, texts: textsFor(c.req.header('accept-language')) }
}

function startRoute(router: Hono<Environment>, cookie: BindingCookie, parts: BrowserParts): void {
  router.post('/connect/start', async (c) => {
    const form = await c.req.parseBody()
    const startCode = form.start_code
    if (typeof startCode !== 'string' || startCode.length > 100) {
      throw new KeywellError('invalid_request', 'The form has no start_code.')
    }
    const started = await parts.flows.start({
      startCode,
      origin: c.req.header('origin') ?? null,
      ...callerOf(c),
    })
    return leave(c, cookie, parts, started)
  })
}

/** Binds the flow to the browser, and sends it on. */
function leave(
  c: Context<Environment>,
  cookie: BindingCookie,
  parts: BrowserParts,
  { flowId, bindingSecret, cookieLifeMs, location }: StartedFlow,
): Response | Promise<Response> {
  setCookie(c, cookie.name(flowId), bindingSecret, {
    ...cookie.options,
    maxAge: cookieLifeMs / 1000,
  })
  return c.html(leavingPage(lookOf(c, parts), location), 200)
}

/** What a browser shows and sends along. */
function browserOf(c: Context<Environment>, cookie: BindingCookie) {
  return {
    bindingSecret: (id: string) => getCookie(c, cookie.name(id), cookie.prefix),
    ...callerOf(c),
  }
}

function linkRoutes(router: Hono<Environment>, cookie: BindingCookie, parts: BrowserParts): void {
  const { linkForms, rateLimits } = parts
  const ownHost = new URL(parts.publicUrl).host
  const path = `${linkPath}/:link` as const
  router.get(path, async (c) => {
    const { provider, preset } = c.req.query()
    const visit = {
      text: c.req.param('link'),
      choice: { provider, preset },
      ...browserOf(c, cookie),
    }
    const view = await linkForms.show(visit)
    return c.html(linkPage(lookOf(c, parts), view, ownHost), 200, scriptHeaders)
  })
  router.post(path, async (c) => {
    const answer = await linkForms.submit({
      text: c.req.param('link'),
      choice: choiceOf(await c.req.parseBody({ all: true })),
      origin: c.req.header('origin') ?? null,
      beforeHostCheck: (user) => rateLimits.hostCheck(user),
      ...browserOf(c, cookie),
    })
    if ('started' in answer) return leave(c, cookie, parts, answer.started)
    // Every code's status is one that has a body.
    const status = (answer.page.error?.status ?? 422) as ContentfulStatusCode
    return c.html(linkPage(lookOf(c, parts), answer.page, ownHost), status, scriptHeaders)
  })
}

type Fields = Record<string, unknown>

function choiceOf({ provider, host, typed_host: typedHost, method, scope }: Fields): LinkChoice {
  return {
    provider: textOf(provider),
    host: textOf(host),
    typedHost: textOf(typedHost),
    method: textOf(method),
    scopes: [scope].flat().filter((each) => typeof each === 'string'),
  }
}

function textOf(field: unknown): string | undefined {
  return typeof field === 'string' ? field.slice(0, 2_000) : undefined
}

function keyRoutes(router: Hono<Environment>, cookie: BindingCookie, parts: BrowserParts): void {
  const { keyForms, rateLimits } = parts
  router.get(keyFormPath, async (c) => {
    const query = new URL(c.req.url).searchParams
    const [states, method] = [query.getAll('state'), query.get('method')]
    const answer = await keyForms.show({ states, method, ...browserOf(c, cookie) })
    return answerForm(c, lookOf(c, parts), answer)
  })
  router.post(keyFormPath, async (c) => {
    rateLimits.pastedKey(fromOf(c).address)
    const fields = await c.req.parseBody()
    const origin = c.req.header('origin') ?? null
    const answer = await keyForms.submit({ fields, origin, ...browserOf(c, cookie) })
    return answerForm(c, lookOf(c, parts), answer)
  })
}

function answerForm(
  c: Context<Environment>,
  look: Look,
  answer: KeyFormAnswer,
): Response | Promise<Response> {
  if ('location' in answer) return c.html(leavingPage(look, answer.location), 200)
  const { error } = answer.form
  // Every code's status is one that has a body.
  const status = (error?.status ?? 200) as ContentfulStatusCode
  return c.html(keyPage(look, answer.form), status, formHeaders)
}

function deviceRoutes(router: Hono<Environment>, cookie: BindingCookie, parts: BrowserParts): void {
  const { deviceForms } = parts
  const answer = (c: Context<Environment>, given: DeviceFormAnswer) =>
    'location' in given
      ? c.html(leavingPage(lookOf(c, parts), given.location), 200)
      : c.html(devicePage(lookOf(c, parts), given.form), 200, scriptHeaders)
  router.get(deviceFormPath, async (c) => {
    const states = new URL(c.req.url).searchParams.getAll('state')
    return answer(c, await deviceForms.show({ states, ...browserOf(c, cookie) }))
  })
  router.post(deviceFormPath, async (c) => {
    const fields = await c.req.parseBody()
    const origin = c.req.header('origin') ?? null
    return answer(c, await deviceForms.submit({ fields, origin, ...browserOf(c, cookie) }))
  })
}

function doneRoute(router: Hono<Environment>, cookie: BindingCookie, parts: BrowserParts): void {
  const ownHost = new URL(parts.publicUrl).host
  router.get(donePath, async (c) => {
    const states = new URL(c.req.url).searchParams.getAll('state')
    const view = await parts.showDone({ states, ...browserOf(c, cookie) })
    return c.html(donePage(lookOf(c, parts), view, ownHost), 200, scriptHeaders)
  })
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
      isNavigation:
        c.req.header('sec-fetch-mode') === 'navigate' &&
        c.req.header('sec-fetch-dest') === 'document',
      ...browserOf(c, cookie),
    })
    // The cookie stays for its ten minutes: a browser that comes again gets the flow's status.
    return c.redirect(location.href, 303)
  })
}

/** What the pages load, by path. */
function filesOf(
  appearance: Appearance,
): Record<string, { type: string; body: string | Uint8Array<ArrayBuffer> }> {
  const { logo } = appearance
  return {
    '/connect/style.css': { type: 'text/css; charset=utf-8', body: stylesheetOf(appearance) },
    '/connect/page.js': { type: 'text/javascript; charset=utf-8', body: script },
    ...(logo && { '/connect/logo': { type: logo.type, body: new Uint8Array(logo.bytes) } }),
  }
}

function fileRoutes(router: Hono<Environment>, { appearance }: BrowserParts): void {
  for (const [path, { type, body }] of Object.entries(filesOf(appearance))) {
    router.get(path, (c) =>
      c.body(body, 200, { 'content-type': type, 'cache-control': 'public, max-age=3600' }),
    )
  }
}

const unkept = { 'cache-control': 'no-store' }

/** Whether a browser loads a page before anybody asked for it. It drops such an answer, and asks again. */
function isPrefetch(headers: Headers): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /^(prefetch|preview)/i.test(headers.get(name) ?? ''),
  )
}
