import { z } from 'zod'
import { connectionPageSchema, searchConnectionsSchema } from '../connection-search.ts'
import {
  connectionListSchema,
  connectionSchema,
  createConnectionSchema,
  disconnectAnswerSchema,
  listConnectionsSchema,
  ownerSchema,
  refreshAnswerSchema,
  refreshConnectionSchema,
} from '../connections.ts'
import { readCredentialAnswerSchema, readCredentialSchema } from '../credentials.ts'
import { connectionIdSchema } from '../ids.ts'
import { needs, route } from './route.ts'

const params = z.object({ connectionId: connectionIdSchema })

export const credentialRoutes = {
  read: route({
    method: 'POST',
    path: '/v1/credentials',
    summary: "Read a user's credential, fresh",
    access: needs('credentials:read'),
    body: readCredentialSchema,
    answer: {
      status: 200,
      description: 'The credential, or that it is unchanged',
      schema: readCredentialAnswerSchema,
    },
    errors: [
      'unknown_provider',
      'host_not_allowed',
      'method_not_offered',
      'not_connected',
      'needs_reauth',
      'not_allowed_for_tenant',
      'refresh_in_progress',
      'credential_unreadable',
      'tenant_erased',
    ],
    isRead: true,
    audit: 'credential.read',
  }),
}

export const connectionRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/connections',
    summary: 'List the connections of a tenant, or of one user',
    access: needs('connections:read'),
    query: listConnectionsSchema,
    answer: {
      status: 200,
      description: 'A page of connections, oldest first',
      schema: connectionListSchema,
    },
    errors: [],
  }),
  create: route({
    method: 'POST',
    path: '/v1/connections',
    summary:
      'Connect by an API key that the user made at the provider, or replace the one of that name',
    access: needs('connections:write'),
    body: createConnectionSchema,
    answer: { status: 201, description: 'The connection', schema: connectionSchema },
    errors: [
      'unknown_provider',
      'host_not_allowed',
      'not_allowed_for_tenant',
      'key_refused',
      'account_mismatch',
      'provider_error',
      'tenant_erased',
    ],
    audit: 'connection.connect',
  }),
  get: route({
    method: 'GET',
    path: '/v1/connections/:connectionId',
    summary: 'Read one connection',
    access: needs('connections:read'),
    params,
    query: ownerSchema,
    answer: { status: 200, description: 'The connection', schema: connectionSchema },
    errors: ['not_found'],
  }),
  search: route({
    method: 'POST',
    path: '/v1/connections/search',
    summary: 'Search the connections of a tenant, by what they are and in any order',
    description:
      'A cursor is of one search: with another filter or order it is refused. A connection that does not change meanwhile is on exactly one of the pages.',
    access: needs('connections:read'),
    body: searchConnectionsSchema,
    answer: { status: 200, description: 'A page of connections', schema: connectionPageSchema },
    errors: [],
    isRead: true,
  }),
  refresh: route({
    method: 'POST',
    path: '/v1/connections/:connectionId/refresh',
    summary: 'Renew a credential ahead of its time',
    description:
      'For a person who wants to see whether a connection works, or after a change at the provider: reading a credential renews it by itself. Once in 60 s for each connection. What waits, since the provider fails or an outcome is not known, goes on waiting.',
    access: needs('connections:write'),
    params,
    body: refreshConnectionSchema,
    answer: { status: 200, description: 'What it came to', schema: refreshAnswerSchema },
    errors: [
      'not_found',
      'needs_reauth',
      'not_renewable',
      'refresh_in_progress',
      'integration_missing',
      'tenant_erased',
    ],
    audit: 'connection.force_refresh',
  }),
  disconnect: route({
    method: 'DELETE',
    path: '/v1/connections/:connectionId',
    summary:
      'Disconnect: the credential is gone here at once, and the grant at the provider as soon as it can be reached',
    access: needs('connections:write'),
    params,
    query: ownerSchema,
    answer: {
      status: 200,
      description: 'The connection, and what became of the grant',
      schema: disconnectAnswerSchema,
    },
    errors: ['not_found', 'tenant_erased'],
    audit: 'connection.disconnect',
  }),
}
