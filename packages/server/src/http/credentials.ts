import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import { withinLimits } from '../auth/access.ts'
import type { ReadCredentials } from '../credentials/read.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function credentialRoutes(app: Hono<Environment>, readCredential: ReadCredentials): void {
  serve(app, routes.credentials.read, ({ body, access, caller }) =>
    readCredential(withinLimits(access, body), caller),
  )
}
