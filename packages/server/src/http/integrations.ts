import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function integrationRoutes(app: Hono<Environment>, integrations: Integrations): void {
  serve(app, routes.integrations.create, ({ body, access, caller }) => {
    const { tenantId, provider, host, variables, scopes, clientId, clientSecret } = body
    requireWithinLimits(access, { tenantId })
    const client =
      clientId === undefined || clientSecret === undefined
        ? undefined
        : { id: clientId, secret: clientSecret }
    const wanted = { tenantId: tenantId ?? null, provider, host, variables, scopes, client }
    return integrations.create(wanted, caller)
  })
  serve(app, routes.integrations.list, async ({ query, access }) => {
    const { tenantId } = withinLimits(access, query)
    return { integrations: await integrations.list(tenantId ?? null) }
  })
  serve(app, routes.integrations.setClient, ({ params, body, access, caller }) => {
    const { tenantId, clientId, clientSecret } = withinLimits(access, body)
    const client = { id: clientId, secret: clientSecret }
    const id = params.integrationId
    return integrations.setClient({ tenantId: tenantId ?? null, id, client }, caller)
  })
}
