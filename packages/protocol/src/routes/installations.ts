import { z } from 'zod'
import { connectionIdSchema } from '../ids.ts'
import {
  installationListSchema,
  installationOwnerSchema,
  installationSchema,
  listInstallationsSchema,
} from '../installations.ts'
import { needs, route } from './route.ts'

const params = z.object({ connectionId: connectionIdSchema })

export const installationRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/installations',
    summary: 'List the connections of a tenant by apps that are installed',
    access: needs('connections:read'),
    query: listInstallationsSchema,
    answer: {
      status: 200,
      description: 'A page of installations, oldest first',
      schema: installationListSchema,
    },
    errors: [],
  }),
  get: route({
    method: 'GET',
    path: '/v1/installations/:connectionId',
    summary: 'Read one installation',
    access: needs('connections:read'),
    params,
    query: installationOwnerSchema,
    answer: { status: 200, description: 'The installation', schema: installationSchema },
    errors: ['not_found'],
  }),
  remove: route({
    method: 'DELETE',
    path: '/v1/installations/:connectionId',
    summary: 'Remove the app from the account at the provider, and disconnect',
    description:
      'All connections of the installation end by it, whichever their names are. To end one alone, and leave the app installed, disconnect it.',
    access: needs('connections:write'),
    params,
    query: installationOwnerSchema,
    answer: { status: 200, description: 'The installation, as it was', schema: installationSchema },
    errors: [
      'not_found',
      'provider_error',
      'integration_missing',
      'method_not_offered',
      'credential_unreadable',
      'tenant_erased',
    ],
    audit: 'installation.remove',
  }),
}
