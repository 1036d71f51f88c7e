import { routes, type Secret, type Webhook, type WebhookWithSecret } from '@keywell/protocol'
import type { Hono } from 'hono'
import { type RequestAccess, requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { EndpointKey } from '../changes/webhooks/endpoint.ts'
import type { Webhooks } from '../changes/webhooks/endpoints.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function webhookRoutes(app: Hono<Environment>, webhooks: Webhooks): void {
  serve(app, routes.webhooks.create, async ({ body, access, caller }) => {
    const { tenantId, ...rest } = body
    requireWithinLimits(access, { tenantId })
    return withSecret(await webhooks.create({ ...rest, tenantId: tenantId ?? null }, caller))
  })
  serve(app, routes.webhooks.list, async ({ query, access }) => {
    const { tenantId } = withinLimits(access, query)
    return { webhooks: await webhooks.list(tenantId ?? null) }
  })
  serve(app, routes.webhooks.get, ({ params, query, access }) =>
    webhooks.get(keyOf(params, query, access)),
  )
  serve(app, routes.webhooks.update, ({ params, body, access, caller }) => {
    const { tenantId, ...change } = body
    return webhooks.update(keyOf(params, { tenantId }, access), change, caller)
  })
  serve(app, routes.webhooks.remove, ({ params, query, access, caller }) =>
    webhooks.remove(keyOf(params, query, access), caller),
  )
  serve(app, routes.webhooks.rotateSecret, async ({ params, query, access, caller }) =>
    withSecret(await webhooks.rotateSecret(keyOf(params, query, access), caller)),
  )
  serve(app, routes.webhooks.deliveries, ({ params, query, access }) => {
    const { tenantId, ...page } = query
    return webhooks.deliveries(keyOf(params, { tenantId }, access), page)
  })
  serve(app, routes.webhooks.replay, ({ params, query, access, caller }) =>
    webhooks.replay(keyOf(params, query, access), params.messageId, caller),
  )
  serve(app, routes.webhooks.replayDead, async ({ params, query, access, caller }) => ({
    replayed: await webhooks.replayDead(keyOf(params, query, access), caller),
  }))
  serve(app, routes.webhooks.test, ({ params, query, access, caller }) =>
    webhooks.test(keyOf(params, query, access), caller),
  )
}

/** Which webhook is meant, as far as the key may see it. */
function keyOf(
  params: { webhookId: string },
  owner: { tenantId?: string | undefined },
  access: RequestAccess,
): EndpointKey {
  return { id: params.webhookId, tenantId: withinLimits(access, owner).tenantId ?? null }
}

/** The one answer that shows a secret, right after it was made. */
function withSecret({ webhook, secret }: { webhook: Webhook; secret: Secret }): WebhookWithSecret {
  return { ...webhook, secret: secret.expose() }
}
