import { type IntegrationId, revisionOf, routes, Secret, type TenantId } from '@keywell/protocol'
import type { Hono } from 'hono'
import { type RequestAccess, requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { RemoveIntegration } from '../credentials/remove-integration.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { IntegrationKey } from '../oauth/update-integration.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function integrationRoutes(
  app: Hono<Environment>,
  {
    integrations,
    removeIntegration,
  }: { integrations: Integrations; removeIntegration: RemoveIntegration },
): void {
  serve(app, routes.integrations.create, ({ body, access, caller }) => {
    const { tenantId, provider, method, host, variables, scopes } = body
    const { clientId, clientSecret, privateKey } = body
    requireWithinLimits(access, { tenantId })
    const client =
      clientId === undefined || clientSecret === undefined
        ? undefined
        : clientOf({ clientId, clientSecret, privateKey })
    const wanted = { provider, method, host, variables, scopes, client }
    return integrations.create({ ...wanted, tenantId: tenantId ?? null }, caller)
  })
  serve(app, routes.integrations.list, async ({ query, access }) => {
    const { tenantId } = withinLimits(access, query)
    return { integrations: await integrations.list(tenantId ?? null) }
  })
  serve(app, routes.integrations.get, ({ params, query, access }) =>
    integrations.get(keyOf(params, query, access)),
  )
  serve(app, routes.integrations.update, ({ params, headers, body, access, caller }) => {
    const { scopes, enabled } = body
    const update = { scopes, enabled, revision: revisionOf(headers) }
    return integrations.update(keyOf(params, body, access), update, caller)
  })
  serve(app, routes.integrations.remove, ({ params, headers, query, access, caller }) => {
    const { force } = query
    const removal = { ...keyOf(params, query, access), revision: revisionOf(headers), force }
    return removeIntegration(removal, caller)
  })
  serve(app, routes.integrations.validate, ({ params, body, access, caller }) =>
    integrations.validate({ ...keyOf(params, body, access), host: body.host }, caller),
  )
  serve(app, routes.integrations.setClient, ({ params, body, access, caller }) => {
    const { tenantId, ...pasted } = withinLimits(access, body)
    const client = clientOf(pasted)
    const id = params.integrationId
    return integrations.setClient({ tenantId: tenantId ?? null, id, client }, caller)
  })
}

function clientOf(pasted: {
  clientId: string
  clientSecret: string
  privateKey?: string | undefined
}) {
  const { clientId: id, clientSecret, privateKey } = pasted
  return {
    id,
    secret: new Secret(clientSecret),
    privateKey: privateKey === undefined ? null : new Secret(privateKey),
  }
}

/** An integration of a tenant that the key is not for looks as if it had never been. */
function keyOf(
  { integrationId: id }: { integrationId: IntegrationId },
  owner: { tenantId?: TenantId | undefined },
  access: RequestAccess,
): IntegrationKey {
  const { tenantId } = withinLimits(access, { tenantId: owner.tenantId })
  return { tenantId: tenantId ?? null, id }
}
