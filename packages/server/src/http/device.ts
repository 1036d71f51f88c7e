import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { providersOf, requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { DeviceFlows } from '../connect/device-flows.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

/** Device authorisation for what has no browser: a terminal, an agent. */
export function deviceRoutes(
  app: Hono<Environment>,
  { deviceFlows }: { deviceFlows: DeviceFlows },
): void {
  serve(app, routes.device.start, ({ body, access, caller }) => {
    const providers = body.providers ?? [body.provider]
    requireWithinLimits(access, { ...body, providers: [...providers, body.provider] })
    return deviceFlows.start({ ...body, providers }, { ...caller, origins: access.origins })
  })
  serve(app, routes.device.get, ({ params, query, access }, c) => {
    const providers = providersOf(access)
    const request = { ...withinLimits(access, query), ...params, providers }
    return deviceFlows.read(request, c.req.raw.signal)
  })
  serve(app, routes.device.confirm, ({ params, body, access, caller }) => {
    const providers = providersOf(access)
    return deviceFlows.confirm({ ...withinLimits(access, body), ...params, providers }, caller)
  })
}
