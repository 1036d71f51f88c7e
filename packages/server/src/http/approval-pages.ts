import type { Context, Hono } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { appPageOf, approvalPageLifeMs, approvalPath } from '../tools/approval-links.ts'
import type { ApprovalPages } from '../tools/approval-pages.ts'
import type { BindingCookie } from './binding-cookie.ts'
import type { Environment } from './context.ts'
import { approvalPage, unboundApprovalPage } from './pages/approval-page.ts'
import { formHeaders, type Look, scriptHeaders } from './pages/frame.ts'

export interface ApprovalPageRoutes {
  approvalPages: ApprovalPages
  publicUrl: string
  /** A page of the app where its person signs in, and gets a link. */
  approvalUrl: string | undefined
}

/** The page of an approval. Its link leaves a cookie, and no secret in the address. */
export function approvalPageRoutes(
  router: Hono<Environment>,
  cookie: BindingCookie,
  { approvalPages, publicUrl, approvalUrl }: ApprovalPageRoutes,
  lookOf: (c: Context<Environment>) => Look,
): void {
  const ownHost = new URL(publicUrl).host
  const visitOf = (c: Context<Environment>) => {
    const approvalId = c.req.param('approvalId') ?? ''
    return { approvalId, secret: getCookie(c, cookie.name(approvalId), cookie.prefix) }
  }
  const refuse = (c: Context<Environment>) => {
    const appPage = appPageOf(approvalUrl, c.req.param('approvalId') ?? '')
    return c.html(unboundApprovalPage(lookOf(c), appPage, ownHost), 403, formHeaders)
  }

  router.get(`${approvalPath}/open/:link`, async (c) => {
    const { approvalId, secret } = await approvalPages.open(c.req.param('link'))
    const maxAge = approvalPageLifeMs / 1000
    setCookie(c, cookie.name(approvalId), secret, { ...cookie.options, maxAge })
    return c.redirect(`${approvalPath}/${approvalId}`, 303)
  })
  router.get(`${approvalPath}/:approvalId`, async (c) => {
    const view = await approvalPages.show(visitOf(c))
    if (view === undefined) return refuse(c)
    return c.html(approvalPage(lookOf(c), view, ownHost), 200, scriptHeaders)
  })
  router.post(`${approvalPath}/:approvalId`, async (c) => {
    const visit = visitOf(c)
    const { decision } = await c.req.parseBody()
    const origin = c.req.header('origin') ?? null
    const decided = { ...visit, decision, origin, requestId: c.get('requestId') }
    if (!(await approvalPages.decide(decided))) return refuse(c)
    return c.redirect(`${approvalPath}/${visit.approvalId}`, 303)
  })
}
