import { z } from 'zod'
import {
  apiKeyListSchema,
  apiKeySchema,
  apiKeyWithSecretSchema,
  createApiKeySchema,
  rotateApiKeySchema,
} from '../api-keys.ts'
import { apiKeyIdSchema } from '../ids.ts'
import { route } from './route.ts'

const manageKeys = { permission: 'api_keys:manage', enforces: [] } as const
const params = z.object({ apiKeyId: apiKeyIdSchema })

export const apiKeyRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/api-keys',
    summary: 'List all API keys, live or not; never the keys themselves',
    access: manageKeys,
    answer: { status: 200, description: 'Oldest first', schema: apiKeyListSchema },
    errors: [],
  }),
  create: route({
    method: 'POST',
    path: '/v1/api-keys',
    summary: 'Make an API key that may do no more than the one that makes it; it is shown once',
    access: manageKeys,
    body: createApiKeySchema,
    answer: { status: 201, description: 'The key', schema: apiKeyWithSecretSchema },
    errors: [],
    answersSecret: true,
    audit: 'api_key.create',
  }),
  revoke: route({
    method: 'DELETE',
    path: '/v1/api-keys/:apiKeyId',
    summary: 'Revoke an API key; within two seconds no replica takes it',
    access: manageKeys,
    params,
    answer: { status: 200, description: 'The key as it is now', schema: apiKeySchema },
    errors: ['not_found'],
    audit: 'api_key.revoke',
  }),
  rotate: route({
    method: 'POST',
    path: '/v1/api-keys/:apiKeyId/rotate',
    summary: 'Make a successor, which is shown once, and end the old key after a time',
    access: manageKeys,
    params,
    body: rotateApiKeySchema,
    answer: { status: 201, description: 'The successor', schema: apiKeyWithSecretSchema },
    errors: ['not_found', 'conflict'],
    answersSecret: true,
    audit: 'api_key.rotate',
  }),
}
