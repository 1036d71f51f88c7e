import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import type { Incidents } from '../refresh/incidents.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function incidentRoutes(app: Hono<Environment>, incidents: Incidents): void {
  serve(app, routes.incidents.list, async () => ({ incidents: await incidents.list() }))
  serve(app, routes.incidents.release, ({ params, caller }) =>
    incidents.release(params.incidentId, caller),
  )
  serve(app, routes.incidents.confirm, ({ params, caller }) =>
    incidents.confirm(params.incidentId, caller),
  )
}
