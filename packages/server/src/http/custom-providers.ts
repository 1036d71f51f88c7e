import { revisionOf, routes, type TenantId } from '@keywell/protocol'
import type { Hono } from 'hono'
import { type RequestAccess, requireWithinLimits, withinLimits } from '../auth/access.ts'
import type { CustomProviders, ProviderKey } from '../custom-providers/custom-providers.ts'
import type { TryDefinition } from '../custom-providers/try-definition.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'

export function customProviderRoutes(
  app: Hono<Environment>,
  {
    customProviders,
    tryDefinition,
  }: { customProviders: CustomProviders; tryDefinition: TryDefinition },
): void {
  serve(app, routes.customProviders.create, ({ body, access, caller }) => {
    requireWithinLimits(access, { tenantId: body.tenantId, providers: namesIn(body) })
    return customProviders.create(body, caller)
  })
  serve(app, routes.customProviders.list, async ({ query, access }) => {
    const { tenantId } = withinLimits(access, query)
    const all = await customProviders.list(tenantId)
    const { providers } = access
    const seen = all.filter(({ name }) => providers?.includes(name) ?? true)
    return { customProviders: seen }
  })
  serve(app, routes.customProviders.check, ({ body, access, caller }) => {
    requireWithinLimits(access, { tenantId: body.tenantId, providers: namesIn(body) })
    return tryDefinition(body, caller)
  })
  serve(app, routes.customProviders.get, ({ params, query, access }) =>
    customProviders.get(keyOf(params, query, access)),
  )
  serve(app, routes.customProviders.update, ({ params, headers, body, access, caller }) => {
    const key = keyOf(params, body, access)
    const sent = { ...body, tenantId: key.tenantId }
    return customProviders.update(key, { sent, version: revisionOf(headers) }, caller)
  })
  serve(app, routes.customProviders.remove, ({ params, headers, query, access, caller }) =>
    customProviders.remove(keyOf(params, query, access), revisionOf(headers), caller),
  )
}

/** A definition of an owner that the key is not for looks as if it had never been. */
function keyOf(
  { name }: { name: string },
  owner: { tenantId?: TenantId | undefined },
  access: RequestAccess,
): ProviderKey {
  const { tenantId } = withinLimits(access, { tenantId: owner.tenantId, provider: name })
  return { tenantId, name }
}

/** The name that a definition will have, for the limits of a key. Whether it is one is checked later. */
function namesIn(body: {
  definition?: Record<string, unknown> | undefined
  extends?: string | undefined
  patch?: Record<string, unknown> | undefined
}): string[] {
  const name = body.definition?.name ?? body.patch?.name ?? body.extends
  return typeof name === 'string' ? [name] : []
}
