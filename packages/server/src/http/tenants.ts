import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  eraseTenantSchema,
  tenantIdSchema,
  tenantPolicyAnswerSchema,
  tenantPolicySchema,
  tenantSchema,
} from '@keywell/protocol'
import type { Tenants } from '../tenants/erase.ts'
import type { ExportTenant } from '../tenants/export.ts'
import type { TenantPolicies } from '../tenants/policy.ts'
import { withinLimits } from './access.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'
import type { KeyStreams } from './key-streams.ts'

/** As any text to the router's types, which take a name that ends in "json" for one document. */
const lines: string = 'application/x-ndjson'
const params = z.object({ id: tenantIdSchema })

const get = createRoute({
  method: 'get',
  path: '/{id}',
  summary: 'What there is of a tenant, or how far its erasure is',
  request: { params },
  responses: { 200: json(tenantSchema, 'The tenant') },
})
const erase = createRoute({
  method: 'delete',
  path: '/{id}',
  summary:
    'Erase a tenant, for good: its connections are removed, their grants withdrawn, then its keys destroyed and its rows deleted. While the answer says `erasing`, ask again, or let the service go on by itself. Kept are the audit log and the changes, for their time, and the id, which is never used again. Backups are not reached: until they have expired, they and the root key open what they hold.',
  request: { params, query: eraseTenantSchema },
  responses: { 200: json(tenantSchema, 'How far it is, and what is left at the providers') },
})
const exported = createRoute({
  method: 'get',
  path: '/{id}/export',
  summary: 'Everything that is kept of a tenant, without secrets, as lines of JSON',
  request: { params },
  responses: {
    200: {
      content: { [lines]: { schema: z.string() } },
      description: 'An entry on each line, with its kind',
    },
  },
})

const getPolicy = createRoute({
  method: 'get',
  path: '/{id}/policy',
  summary: 'What the operator allows a tenant',
  request: { params },
  responses: { 200: json(tenantPolicyAnswerSchema, 'The policy') },
})
const setPolicy = createRoute({
  method: 'put',
  path: '/{id}/policy',
  summary:
    'Limit a tenant: replaces its whole policy, and counts at once. What is left out is not limited, an empty list allows nothing',
  request: { params, body: { ...json(tenantPolicySchema, 'The policy'), required: true } },
  responses: { 200: json(tenantPolicyAnswerSchema, 'The policy, as it is kept') },
})
const removePolicy = createRoute({
  method: 'delete',
  path: '/{id}/policy',
  summary: 'Limit a tenant no more',
  request: { params },
  responses: { 200: json(tenantPolicyAnswerSchema, 'That nothing is limited') },
})

export function tenantRoutes(parts: {
  tenants: Tenants
  exportTenant: ExportTenant
  tenantPolicies: TenantPolicies
  keyStreams: KeyStreams
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(get, async (c) => {
    const { tenantId } = withinLimits(c.get('access'), { tenantId: c.req.valid('param').id })
    return c.json(await parts.tenants.read(tenantId), 200)
  })
  router.openapi(erase, async (c) => {
    const now = c.req.valid('query').now === 'true'
    const { id } = c.req.valid('param')
    return c.json(await parts.tenants.erase(id, { now, caller: callerOf(c) }), 200)
  })
  router.openapi(exported, async (c) => {
    const access = c.get('access')
    const { tenantId } = withinLimits(access, { tenantId: c.req.valid('param').id })
    const text = await parts.exportTenant(tenantId, callerOf(c))
    return c.body(
      parts.keyStreams.hold(access, () => text, { atEnd: 'break' }),
      200,
      {
        'content-type': lines,
        'cache-control': 'no-store',
      },
    )
  })
  router.openapi(getPolicy, async (c) => {
    const { tenantId } = withinLimits(c.get('access'), { tenantId: c.req.valid('param').id })
    return c.json(await parts.tenantPolicies.read(tenantId), 200)
  })
  router.openapi(setPolicy, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await parts.tenantPolicies.set(id, c.req.valid('json'), callerOf(c)), 200)
  })
  router.openapi(removePolicy, async (c) => {
    return c.json(await parts.tenantPolicies.remove(c.req.valid('param').id, callerOf(c)), 200)
  })
  return router
}
