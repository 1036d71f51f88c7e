import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  createIntegrationSchema,
  integrationIdSchema,
  integrationListSchema,
  integrationSchema,
  setClientSchema,
  tenantIdSchema,
} from '@keywell/protocol'
import type { Integrations } from '../oauth/integrations.ts'
import { requireWithinLimits, withinLimits } from './access.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'

const create = createRoute({
  method: 'post',
  path: '/',
  summary:
    'Add an OAuth app registration, or a draft of one that tells which redirect URI to register',
  request: { body: { ...json(createIntegrationSchema, 'Provider, host, scopes'), required: true } },
  responses: { 201: json(integrationSchema, 'The integration') },
})
const list = createRoute({
  method: 'get',
  path: '/',
  summary: 'The shared integrations, or those that a tenant owns',
  request: { query: z.object({ tenantId: tenantIdSchema.optional() }) },
  responses: { 200: json(integrationListSchema, 'Integrations') },
})
const setClient = createRoute({
  method: 'put',
  path: '/{id}/client',
  summary: 'Complete a draft, or replace a client secret',
  request: {
    params: z.object({ id: integrationIdSchema }),
    body: { ...json(setClientSchema, 'Client id and secret'), required: true },
  },
  responses: { 200: json(integrationSchema, 'The integration') },
})

export function integrationRoutes(integrations: Integrations): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(create, async (c) => {
    const { tenantId, provider, host, scopes, clientId, clientSecret } = c.req.valid('json')
    requireWithinLimits(c.get('access'), { tenantId })
    const client =
      clientId === undefined || clientSecret === undefined
        ? undefined
        : { id: clientId, secret: clientSecret }
    return c.json(
      await integrations.create(
        { tenantId: tenantId ?? null, provider, host, scopes, client },
        callerOf(c),
      ),
      201,
    )
  })
  router.openapi(list, async (c) => {
    const { tenantId } = withinLimits(c.get('access'), c.req.valid('query'))
    return c.json({ integrations: await integrations.list(tenantId ?? null) }, 200)
  })
  router.openapi(setClient, async (c) => {
    const body = withinLimits(c.get('access'), c.req.valid('json'))
    const { tenantId, clientId, clientSecret } = body
    const client = { id: clientId, secret: clientSecret }
    const { id } = c.req.valid('param')
    return c.json(
      await integrations.setClient({ tenantId: tenantId ?? null, id, client }, callerOf(c)),
      200,
    )
  })
  return router
}
