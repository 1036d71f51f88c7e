import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { withinLimits } from '../auth/access.ts'
import { searchEvents } from '../changes/webhooks/search-events.ts'
import type { Database } from '../store/database.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function eventRoutes(app: Hono<Environment>, { database }: { database: Database }): void {
  serve(app, routes.events.search, ({ body, access }) =>
    // Which webhooks the installation has is not for a key of some tenants.
    searchEvents(database, { ...withinLimits(access, body), ownOnly: access.tenants !== null }),
  )
}
