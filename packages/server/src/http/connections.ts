import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  connectionIdSchema,
  connectionListSchema,
  connectionSchema,
  createConnectionSchema,
  disconnectAnswerSchema,
  listConnectionsSchema,
  ownerSchema,
} from '@keywell/protocol'
import type { CreateConnection } from '../connect/create-connection.ts'
import { listConnections, readConnection, viewConnection } from '../credentials/connections.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { Database } from '../store/database.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'

const byId = { params: z.object({ id: connectionIdSchema }), query: ownerSchema }

const list = createRoute({
  method: 'get',
  path: '/',
  summary: 'The connections of a tenant, or of one user',
  request: { query: listConnectionsSchema },
  responses: { 200: json(connectionListSchema, 'A page of connections, oldest first') },
})
const create = createRoute({
  method: 'post',
  path: '/',
  summary:
    'Connect by an API key that the user made at the provider, or replace the one under that name',
  request: {
    body: { ...json(createConnectionSchema, 'Whose, where, and the key'), required: true },
  },
  responses: { 201: json(connectionSchema, 'The connection') },
})
const get = createRoute({
  method: 'get',
  path: '/{id}',
  summary: 'One connection',
  request: byId,
  responses: { 200: json(connectionSchema, 'The connection') },
})
const remove = createRoute({
  method: 'delete',
  path: '/{id}',
  summary:
    'Disconnect: the credential is gone here at once, and the grant at the provider as soon as it can be reached',
  request: byId,
  responses: { 200: json(disconnectAnswerSchema, 'What became of it') },
})

export function connectionRoutes(parts: {
  database: Database
  createConnection: CreateConnection
  disconnector: Disconnector
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(list, async (c) =>
    c.json(await listConnections(parts.database, c.req.valid('query')), 200),
  )
  router.openapi(create, async (c) => {
    const row = await parts.createConnection(c.req.valid('json'), callerOf(c))
    return c.json(viewConnection(row), 201)
  })
  router.openapi(get, async (c) => {
    const row = await readConnection(parts.database, c.req.valid('query'), c.req.valid('param').id)
    return c.json(viewConnection(row), 200)
  })
  router.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await parts.disconnector.disconnect(c.req.valid('query'), id, callerOf(c)), 200)
  })
  return router
}
