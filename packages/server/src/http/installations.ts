import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { providersOf, type RequestAccess, withinLimits } from '../auth/access.ts'
import type { ConnectionOwner } from '../credentials/connections.ts'
import type { Installations } from '../credentials/installations.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function installationRoutes(
  app: Hono<Environment>,
  { installations }: { installations: Installations },
): void {
  serve(app, routes.installations.list, ({ query, access }) => {
    const { tenantId, provider, limit, cursor } = withinLimits(access, query)
    const providers = provider === undefined ? providersOf(access) : [provider]
    return installations.list({ tenantId, providers, after: cursor, limit })
  })
  serve(app, routes.installations.get, ({ params, query, access }) =>
    installations.get(ownerOf(access, query.tenantId), params.connectionId),
  )
  serve(app, routes.installations.remove, ({ params, query, access, caller }) =>
    installations.remove(ownerOf(access, query.tenantId), params.connectionId, caller),
  )
}

/** Whosever of the tenant it is, as far as the key may see it. */
function ownerOf(access: RequestAccess, tenantId: string): ConnectionOwner {
  return {
    ...withinLimits(access, { tenantId }),
    ownerId: undefined,
    providers: providersOf(access),
  }
}
