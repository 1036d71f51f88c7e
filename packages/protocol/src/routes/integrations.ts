import { z } from 'zod'
import { integrationIdSchema, providerNameSchema, tenantIdSchema } from '../ids.ts'
import { ifMatchSchema } from '../if-match.ts'
import {
  createIntegrationSchema,
  integrationListSchema,
  integrationSchema,
  integrationValidationSchema,
  removeIntegrationAnswerSchema,
  removeIntegrationSchema,
  setClientSchema,
  updateIntegrationSchema,
  validateIntegrationSchema,
} from '../integrations.ts'
import {
  categoryListSchema,
  listProvidersSchema,
  providerListSchema,
  providerSchema,
  readProviderSchema,
} from '../providers.ts'
import { needs, route } from './route.ts'

const mayRead = { permission: 'integrations:read', enforces: ['tenants'] } as const
const mayWrite = { permission: 'integrations:write', enforces: ['tenants'] } as const
const params = z.object({ integrationId: integrationIdSchema })
const query = z.object({ tenantId: tenantIdSchema.optional() })

export const integrationRoutes = {
  create: route({
    method: 'POST',
    path: '/v1/integrations',
    summary:
      'Add an OAuth app registration, or a draft of one that names the redirect URI to register',
    access: mayWrite,
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
    access: mayRead,
    query,
    answer: { status: 200, description: 'The integrations', schema: integrationListSchema },
    errors: [],
  }),
  get: route({
    method: 'GET',
    path: '/v1/integrations/:integrationId',
    summary: 'Read one integration',
    access: mayRead,
    params,
    query,
    answer: { status: 200, description: 'The integration', schema: integrationSchema },
    errors: ['not_found'],
  }),
  update: route({
    method: 'PATCH',
    path: '/v1/integrations/:integrationId',
    summary: 'Change its scopes, disable or enable it',
    access: mayWrite,
    params,
    headers: ifMatchSchema,
    body: updateIntegrationSchema,
    answer: { status: 200, description: 'The integration', schema: integrationSchema },
    errors: ['not_found', 'conflict', 'scope_not_allowed', 'tenant_erased'],
    audit: 'integration.update',
  }),
  remove: route({
    method: 'DELETE',
    path: '/v1/integrations/:integrationId',
    summary: 'Remove an integration; with `force`, its connections first',
    description:
      'Without `force` it is a `conflict` while there are connections, or grants that wait to be withdrawn, since that needs the client. While the answer says that it is not removed, ask again.',
    access: mayWrite,
    params,
    headers: ifMatchSchema,
    query: removeIntegrationSchema,
    answer: {
      status: 200,
      description: 'The integration, and what is left of its connections',
      schema: removeIntegrationAnswerSchema,
    },
    errors: ['not_found', 'conflict', 'tenant_erased'],
    audit: 'integration.delete',
  }),
  validate: route({
    method: 'POST',
    path: '/v1/integrations/:integrationId/validate',
    summary: 'Ask the provider whether it knows the client and its secret',
    description:
      'A code that cannot be right is sent to the token endpoint: a provider that knows the client refuses the code alone. Once in 10 s for each integration.',
    access: mayWrite,
    params,
    body: validateIntegrationSchema,
    answer: {
      status: 200,
      description: 'What the provider says of the client',
      schema: integrationValidationSchema,
    },
    errors: ['not_found', 'host_not_allowed', 'integration_missing', 'tenant_erased'],
    audit: 'integration.validate',
  }),
  setClient: route({
    method: 'PUT',
    path: '/v1/integrations/:integrationId/client',
    summary: 'Complete a draft, or replace a client secret',
    access: mayWrite,
    params,
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
    query: listProvidersSchema,
    answer: { status: 200, description: 'A page of providers', schema: providerListSchema },
    errors: [],
  }),
  categories: route({
    method: 'GET',
    path: '/v1/providers/categories',
    summary: 'List the categories of the catalogue, and how many providers are in each',
    access: needs('providers:read'),
    query: readProviderSchema,
    answer: { status: 200, description: 'The categories', schema: categoryListSchema },
    errors: [],
  }),
  get: route({
    method: 'GET',
    path: '/v1/providers/:name',
    summary: 'Read one provider of the catalogue',
    access: needs('providers:read'),
    params: z.object({ name: providerNameSchema }),
    query: readProviderSchema,
    answer: { status: 200, description: 'The provider', schema: providerSchema },
    errors: ['unknown_provider'],
  }),
}
