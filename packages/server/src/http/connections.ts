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
import type { Context } from 'hono'
import type { CreateConnection } from '../connect/create-connection.ts'
import {
  type ConnectionOwner,
  listConnections,
  readConnection,
  viewConnection,
} from '../credentials/connections.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { Database } from '../store/database.ts'
import { providersOf, requireWithinLimits, withinLimits } from './access.ts'
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
  router.openapi(list, async (c) => {
    const query = withinLimits(c.get('access'), c.req.valid('query'))
    const providers = providersOf(c.get('access'))
    return c.json(
      await listConnections(parts.database.of(query.tenantId), { ...query, providers }),
      200,
    )
  })
  router.openapi(create, async (c) => {
    const body = c.req.valid('json')
    const { tenantId, provider } = body
    requireWithinLimits(c.get('access'), { tenantId, providers: [provider] })
    const row = await parts.createConnection(body, callerOf(c))
    return c.json(viewConnection(row), 201)
  })
  router.openapi(get, async (c) => {
    const owner = ownerOf(c, c.req.valid('query'))
    const row = await readConnection(
      parts.database.of(owner.tenantId),
      owner,
      c.req.valid('param').id,
    )
    return c.json(viewConnection(row), 200)
  })
  router.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await parts.disconnector.disconnect(ownerOf(c, c.req.valid('query')), id, callerOf(c)),
      200,
    )
  })
  return router
}

/** Whose connections the query names, as far as the key may see them. */
function ownerOf(c: Context<Environment>, query: z.output<typeof ownerSchema>): ConnectionOwner {
  const access = c.get('access')
  return { ...withinLimits(access, query), providers: providersOf(access) }
}
