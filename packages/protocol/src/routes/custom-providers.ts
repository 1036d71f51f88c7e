import { z } from 'zod'
import {
  checkCustomProviderSchema,
  customProviderCheckSchema,
  customProviderListSchema,
  customProviderOwnerSchema,
  customProviderSchema,
  writeCustomProviderSchema,
} from '../custom-providers.ts'
import { providerNameSchema } from '../ids.ts'
import { ifMatchSchema } from '../if-match.ts'
import { needs, route } from './route.ts'

const mayWrite = needs('providers:write')
const params = z.object({ name: providerNameSchema })
const query = customProviderOwnerSchema
const answered = (description: string, status: 200 | 201 = 200) => ({
  status,
  description,
  schema: customProviderSchema,
})
const definitionErrors = ['invalid_definition', 'provider_reserved', 'unknown_provider'] as const

export const customProviderRoutes = {
  create: route({
    method: 'POST',
    path: '/v1/custom-providers',
    summary: 'Define a provider, of a tenant or of the installation',
    description:
      'In force at once here, and within 2 s in every process. While a file of the operator defines the name, that one counts.',
    access: mayWrite,
    body: writeCustomProviderSchema,
    answer: answered('The definition', 201),
    errors: [...definitionErrors, 'conflict', 'tenant_erased'],
    audit: 'provider.create',
  }),
  list: route({
    method: 'GET',
    path: '/v1/custom-providers',
    summary: 'List the definitions of the installation, or those of a tenant',
    access: mayWrite,
    query,
    answer: { status: 200, description: 'The definitions', schema: customProviderListSchema },
    errors: [],
  }),
  get: route({
    method: 'GET',
    path: '/v1/custom-providers/:name',
    summary: 'Read one definition',
    access: mayWrite,
    params,
    query,
    answer: answered('The definition'),
    errors: ['not_found'],
  }),
  update: route({
    method: 'PUT',
    path: '/v1/custom-providers/:name',
    summary: 'Replace a definition',
    description:
      'Applies at once, except that a stored secret goes to no origin that it was not stored for.',
    access: mayWrite,
    params,
    headers: ifMatchSchema,
    body: writeCustomProviderSchema,
    answer: answered('The definition'),
    errors: [...definitionErrors, 'not_found', 'conflict', 'tenant_erased'],
    audit: 'provider.update',
  }),
  remove: route({
    method: 'DELETE',
    path: '/v1/custom-providers/:name',
    summary: 'Remove a definition that nothing needs',
    description:
      'A `conflict` while there are connections or integrations of the provider, or grants that wait to be withdrawn.',
    access: mayWrite,
    params,
    headers: ifMatchSchema,
    query,
    answer: answered('The definition as it was'),
    errors: ['not_found', 'conflict', 'tenant_erased'],
    audit: 'provider.delete',
  }),
  check: route({
    method: 'POST',
    path: '/v1/custom-providers/check',
    summary: 'Try a definition with a credential, and store nothing',
    access: mayWrite,
    body: checkCustomProviderSchema,
    answer: {
      status: 200,
      description: 'What the provider says, and the requests that were made',
      schema: customProviderCheckSchema,
    },
    errors: [
      ...definitionErrors,
      'host_required',
      'host_not_allowed',
      'method_not_offered',
      'not_allowed_for_tenant',
      'tenant_erased',
    ],
    audit: 'provider.check',
  }),
}
