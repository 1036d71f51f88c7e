import { z } from 'zod'
import { tenantIdSchema } from '../ids.ts'
import { tenantPolicyAnswerSchema, tenantPolicySchema } from '../tenant-policy.ts'
import { eraseTenantSchema, tenantSchema } from '../tenants.ts'
import { linesOfJson, route } from './route.ts'

const params = z.object({ tenantId: tenantIdSchema })
const readTenant = { permission: 'tenants:manage', enforces: ['tenants'] } as const
/** For a key that may do everything: a tenant's own key must neither end it nor lift its limits. */
const changeTenant = { permission: 'tenants:manage', enforces: [] } as const

export const tenantRoutes = {
  get: route({
    method: 'GET',
    path: '/v1/tenants/:tenantId',
    summary: 'Read what there is of a tenant, or how far its erasure is',
    access: readTenant,
    params,
    answer: { status: 200, description: 'The tenant', schema: tenantSchema },
    errors: ['not_found'],
  }),
  erase: route({
    method: 'DELETE',
    path: '/v1/tenants/:tenantId',
    summary: 'Erase a tenant, for good',
    description:
      'Its connections are removed, their grants withdrawn, then its keys destroyed and its rows deleted. While the answer says `erasing`, ask again, or let the service go on by itself. Kept are the audit log and the changes, for their time, and the id, which is never used again. Backups are not reached: until they have expired, they and the root key open what they hold.',
    access: changeTenant,
    params,
    query: eraseTenantSchema,
    answer: {
      status: 200,
      description: 'How far it is, and what is left at the providers',
      schema: tenantSchema,
    },
    errors: ['not_found'],
    audit: 'tenant.erase',
  }),
  export: route({
    method: 'GET',
    path: '/v1/tenants/:tenantId/export',
    summary: 'Stream everything that is kept of a tenant, without secrets, as lines of JSON',
    access: readTenant,
    params,
    answer: { status: 200, description: 'An entry on each line, with its kind', type: linesOfJson },
    errors: ['not_found'],
    audit: 'tenant.export',
  }),
  getPolicy: route({
    method: 'GET',
    path: '/v1/tenants/:tenantId/policy',
    summary: 'Read what the operator allows a tenant',
    access: readTenant,
    params,
    answer: { status: 200, description: 'The policy', schema: tenantPolicyAnswerSchema },
    errors: ['not_allowed_for_tenant'],
  }),
  setPolicy: route({
    method: 'PUT',
    path: '/v1/tenants/:tenantId/policy',
    summary: "Replace a tenant's whole policy",
    description:
      'It counts at once. What is left out is not limited, an empty list allows nothing.',
    access: changeTenant,
    params,
    body: tenantPolicySchema,
    answer: {
      status: 200,
      description: 'The policy, as it is kept',
      schema: tenantPolicyAnswerSchema,
    },
    errors: ['unknown_provider', 'host_not_allowed', 'scope_not_allowed', 'tenant_erased'],
    audit: 'tenant.policy.update',
  }),
  removePolicy: route({
    method: 'DELETE',
    path: '/v1/tenants/:tenantId/policy',
    summary: 'Limit a tenant no more',
    access: changeTenant,
    params,
    answer: {
      status: 200,
      description: 'That nothing is limited',
      schema: tenantPolicyAnswerSchema,
    },
    errors: ['tenant_erased'],
    audit: 'tenant.policy.update',
  }),
}
