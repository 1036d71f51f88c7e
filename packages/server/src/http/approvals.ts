import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { withinLimits } from '../auth/access.ts'
import type { ApprovalLinks } from '../tools/approval-links.ts'
import type { Approvals } from '../tools/approvals.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function approvalRoutes(
  app: Hono<Environment>,
  {
    approvals,
    approvalLinks,
  }: {
    approvals: Pick<Approvals, 'list' | 'read' | 'decide'>
    approvalLinks: Pick<ApprovalLinks, 'create'>
  },
): void {
  serve(app, routes.approvals.list, ({ query, access }) =>
    approvals.list(withinLimits(access, query)),
  )
  serve(app, routes.approvals.get, ({ params, query, access }) =>
    approvals.read(withinLimits(access, query).tenantId, params.approvalId),
  )
  serve(app, routes.approvals.decide, ({ params, body, access, caller }) =>
    approvals.decide(params.approvalId, withinLimits(access, body), caller),
  )
  serve(app, routes.approvals.createLink, ({ params, body, access, caller }) =>
    approvalLinks.create(params.approvalId, withinLimits(access, body), caller),
  )
}
