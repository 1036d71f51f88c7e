import { routes, type TenantId } from '@keywell/protocol'
import { providerOfTool } from '@keywell/tools'
import type { Hono } from 'hono'
import type { RequestActor } from '../audit/actor.ts'
import { providersOf, type RequestAccess, withinLimits } from '../auth/access.ts'
import { type ListParts, listTools } from '../tools/list-tools.ts'
import type { ToolService } from '../tools/tool-service.ts'
import type { ToolUser } from '../tools/tool-user.ts'
import type { Environment } from './context.ts'
import { idempotencyKeyOf } from './idempotency.ts'
import { serve } from './serve.ts'

export function toolRoutes(
  app: Hono<Environment>,
  parts: { toolService: ToolService; searchPeppers: ListParts['peppers'] },
): void {
  serve(app, routes.tools.list, ({ query, access }) =>
    listTools({ peppers: parts.searchPeppers }, query, providersOf(access)),
  )
  serve(app, routes.tools.listScoped, ({ body, access, caller }) =>
    parts.toolService.listScoped(userOf(access, withinLimits(access, body), caller), body),
  )
  serve(app, routes.tools.execute, async ({ body, access, caller }, c) => {
    const provider = providerOfTool(body.tool)?.name
    const within = withinLimits(access, { ...body, provider })
    const { tool, arguments: given, dryRun, approvalId, timeoutMs, hints } = body
    const idempotencyKey = idempotencyKeyOf(c)
    const call = { tool, arguments: given, dryRun, approvalId, idempotencyKey, timeoutMs, hints }
    const user = { ...userOf(access, within, caller), agent: body.agent }
    const answer = await parts.toolService.execute(user, { ...call, signal: c.req.raw.signal })
    if (answer.replayed) c.header('idempotency-replayed', 'true')
    return answer
  })
}

interface Named {
  tenantId: TenantId
  userId?: string | undefined
  connectionName?: string | undefined
  host?: string | undefined
}

function userOf(
  access: RequestAccess,
  { tenantId, userId, connectionName, host }: Named,
  { actor, requestId }: RequestActor,
): ToolUser {
  const providers = providersOf(access)
  return { tenantId, userId: userId ?? null, connectionName, host, actor, requestId, providers }
}
