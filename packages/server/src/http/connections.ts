import { routes, type TenantId } from '@keywell/protocol'
import type { Hono } from 'hono'
import {
  providersOf,
  type RequestAccess,
  requireWithinLimits,
  withinLimits,
} from '../auth/access.ts'
import type { Catalogue } from '../catalogue.ts'
import type { CreateConnection } from '../connect/create-connection.ts'
import {
  type ConnectionOwner,
  listConnections,
  type NamedOwner,
  ownerIdOf,
  readConnection,
  viewConnection,
} from '../credentials/connections.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { ForceRefresh } from '../credentials/force-refresh.ts'
import type { SearchConnections } from '../credentials/search-connections.ts'
import type { Database } from '../store/database.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function connectionRoutes(
  app: Hono<Environment>,
  parts: {
    catalogue: Catalogue
    database: Database
    createConnection: CreateConnection
    searchConnections: SearchConnections
    forceRefresh: ForceRefresh
    disconnector: Disconnector
  },
): void {
  const { catalogue } = parts
  serve(app, routes.connections.list, ({ query, access }) => {
    const owner = ownerOf(access, query)
    return listConnections({ catalogue, sql: parts.database.of(owner.tenantId) }, owner)
  })
  serve(app, routes.connections.create, async ({ body, access, caller }) => {
    const { tenantId, provider } = body
    requireWithinLimits(access, { tenantId, providers: [provider] })
    return viewConnection(catalogue, await parts.createConnection(body, caller))
  })
  serve(app, routes.connections.get, async ({ params, query, access }) => {
    const owner = ownerOf(access, query)
    const database = parts.database.of(owner.tenantId)
    return viewConnection(catalogue, await readConnection(database, owner, params.connectionId))
  })
  serve(app, routes.connections.search, ({ body, access }) =>
    parts.searchConnections({ ...withinLimits(access, body), providers: providersOf(access) }),
  )
  serve(app, routes.connections.refresh, ({ params, body, access, caller }) => {
    const { connectionId } = params
    const { ifGeneration, ...owner } = body
    return parts.forceRefresh({ ...ownerOf(access, owner), connectionId, ifGeneration }, caller)
  })
  serve(app, routes.connections.disconnect, ({ params, query, access, caller }) =>
    parts.disconnector.disconnect(ownerOf(access, query), params.connectionId, caller),
  )
}

/** Whose connections the query names, as far as the key may see them. */
function ownerOf<Query extends NamedOwner & { tenantId: TenantId; provider?: string | undefined }>(
  access: RequestAccess,
  query: Query,
): Query & Pick<ConnectionOwner, 'providers' | 'ownerId'> {
  const ownerId = ownerIdOf(query)
  return { ...withinLimits(access, query), providers: providersOf(access), ownerId }
}
