import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { withinLimits } from '../auth/access.ts'
import type { KeyStreams } from '../auth/key-streams.ts'
import type { Tenants } from '../tenants/erase.ts'
import type { ExportTenant } from '../tenants/export.ts'
import type { TenantPolicies } from '../tenants/policy.ts'
import type { Environment } from './context.ts'
import { serve, streamHeaders } from './serve.ts'

export function tenantRoutes(
  app: Hono<Environment>,
  parts: {
    tenants: Tenants
    exportTenant: ExportTenant
    tenantPolicies: TenantPolicies
    keyStreams: KeyStreams
  },
): void {
  serve(app, routes.tenants.get, ({ params, access }) =>
    parts.tenants.read(withinLimits(access, params).tenantId),
  )
  serve(app, routes.tenants.erase, ({ params, query, caller }) =>
    parts.tenants.erase(params.tenantId, { now: query.now === 'true', caller }),
  )
  serve(app, routes.tenants.export, async ({ params, access, caller }, c) => {
    const text = await parts.exportTenant(withinLimits(access, params).tenantId, caller)
    const held = parts.keyStreams.hold(access, () => text, { atEnd: 'break' })
    return c.body(held, 200, streamHeaders(routes.tenants.export))
  })
  serve(app, routes.tenants.getPolicy, ({ params, access }) =>
    parts.tenantPolicies.read(withinLimits(access, params).tenantId),
  )
  serve(app, routes.tenants.setPolicy, ({ params, body, caller }) =>
    parts.tenantPolicies.set(params.tenantId, body, caller),
  )
  serve(app, routes.tenants.removePolicy, ({ params, caller }) =>
    parts.tenantPolicies.remove(params.tenantId, caller),
  )
}
