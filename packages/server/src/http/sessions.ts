import { type ConfirmAnswer, type confirmSchema, routes, type TenantId } from '@keywell/protocol'
import type { Hono } from 'hono'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import {
  providersOf,
  type RequestAccess,
  requireWithinLimits,
  withinLimits,
} from '../auth/access.ts'
import type { Catalogue } from '../catalogue.ts'
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
  parts: { catalogue: Catalogue; sessions: Sessions; confirm: Confirm },
): void {
  const { catalogue } = parts
  serve(app, routes.sessions.create, ({ body, access, caller }) =>
    parts.sessions.create(limited(catalogue, access, body), { ...caller, origins: access.origins }),
  )
  serve(app, routes.sessions.createLink, ({ body, access, caller }) =>
    parts.sessions.createLink(limited(catalogue, access, body), {
      ...caller,
      origins: access.origins,
    }),
  )
  serve(app, routes.sessions.revoke, ({ params, query, access, caller }) => {
    const { tenantId } = withinLimits(access, query)
    const { sessionId } = params
    return parts.sessions.revoke({ tenantId, sessionId, providers: providersOf(access) }, caller)
  })
  serve(app, routes.sessions.confirm, ({ params, body, access, caller }) => {
    const { sessionId } = params
    const providers = providersOf(access)
    return parts.confirm({ ...withinLimits(access, body), sessionId, providers, ...caller })
  })
}

/** A session for the providers of its key, where it names none itself. */
function limited<Body extends { tenantId: TenantId; providers?: string[] | undefined }>(
  catalogue: Catalogue,
  access: RequestAccess,
  body: Body,
): Body {
  requireWithinLimits(access, body)
  // A key may name a provider that the catalogue does not have; a session may not.
  const known = providersOf(access)?.filter(
    (name) => catalogue.find(body.tenantId, name) !== undefined,
  )
  return { ...body, providers: body.providers ?? known }
}
