import { z } from 'zod'
import { integrationIdSchema, tenantIdSchema } from '../ids.ts'
import {
  createIntegrationSchema,
  integrationListSchema,
  integrationSchema,
  setClientSchema,
} from '../integrations.ts'
import { providerListSchema } from '../providers.ts'
import { needs, route } from './route.ts'

export const integrationRoutes = {
  create: route({
    method: 'POST',
    path: '/v1/integrations',
    summary:
      'Add an OAuth app registration, or a draft of one that names the redirect URI to register',
    access: { permission: 'integrations:write', enforces: ['tenants'] },
    body: createIntegrationSchema,
    answer: { status: 201, description: 'The integration', schema: integrationSchema },
    errors: [
      'unknown_provider',
      'host_not_allowed',
      'scope_not_allowed',
      'not_allowed_for_tenant',
      'tenant_erased',
    ],
    audit: 'integration.create',
  }),
  list: route({
    method: 'GET',
    path: '/v1/integrations',
    summary: 'List the shared integrations, or those that a tenant owns',
    access: { permission: 'integrations:read', enforces: ['tenants'] },
    query: z.object({ tenantId: tenantIdSchema.optional() }),
    answer: { status: 200, description: 'The integrations', schema: integrationListSchema },
    errors: [],
  }),
  setClient: route({
    method: 'PUT',
    path: '/v1/integrations/:integrationId/client',
    summary: 'Complete a draft, or replace a client secret',
    access: { permission: 'integrations:write', enforces: ['tenants'] },
    params: z.object({ integrationId: integrationIdSchema }),
    body: setClientSchema,
    answer: { status: 200, description: 'The integration', schema: integrationSchema },
    errors: ['not_found', 'conflict', 'tenant_erased'],
    audit: 'integration.set_client',
  }),
}

export const providerRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/providers',
    summary: 'List the catalogue: providers with their scopes and tools',
    access: needs('providers:read'),
    answer: { status: 200, description: 'All providers', schema: providerListSchema },
    errors: [],
  }),
}
