import { type ConfirmAnswer, type confirmSchema, routes } from '@keywell/protocol'
import { findProvider } from '@keywell/providers'
import type { Hono } from 'hono'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import { providersOf, requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { Sessions } from '../connect/sessions.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

type Confirm = (
  request: z.output<typeof confirmSchema> & {
    sessionId: string
    providers: string[] | undefined
  } & Actor,
) => Promise<ConfirmAnswer>

export function sessionRoutes(
  app: Hono<Environment>,
  parts: { sessions: Sessions; confirm: Confirm },
): void {
  serve(app, routes.sessions.create, ({ body, access, caller }) => {
    requireWithinLimits(access, body)
    // A key may name a provider that the catalogue does not have; a session may not.
    const known = providersOf(access)?.filter((name) => findProvider(name) !== undefined)
    const providers = body.providers ?? known
    return parts.sessions.create({ ...body, providers }, { ...caller, origins: access.origins })
  })
  serve(app, routes.sessions.confirm, ({ params, body, access, caller }) => {
    const { sessionId } = params
    const providers = providersOf(access)
    return parts.confirm({ ...withinLimits(access, body), sessionId, providers, ...caller })
  })
}
