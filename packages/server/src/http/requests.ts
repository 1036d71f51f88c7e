import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { withinLimits } from '../auth/access.ts'
import type { SendProviderRequest } from '../credentials/provider-requests.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function requestRoutes(app: Hono<Environment>, send: SendProviderRequest): void {
  serve(app, routes.requests.send, ({ body, access, caller }) =>
    send(withinLimits(access, body), caller),
  )
}
