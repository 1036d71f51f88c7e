import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  type ApiKeyWithSecret,
  apiKeyIdSchema,
  apiKeyListSchema,
  apiKeySchema,
  apiKeyWithSecretSchema,
  createApiKeySchema,
  rotateApiKeySchema,
  type Secret,
} from '@keywell/protocol'
import type { Context } from 'hono'
import type { ApiKeyRow } from '../store/api-keys.ts'
import type { ApiKeys, KeyActor } from './api-keys.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'
import { requestedKey, viewApiKey } from './operator-keys.ts'

const byId = { params: z.object({ id: apiKeyIdSchema }) }

const create = createRoute({
  method: 'post',
  path: '/',
  summary: 'Make an API key that may do no more than the one that makes it; it is shown once',
  request: { body: { ...json(createApiKeySchema, 'What it may do'), required: true } },
  responses: { 201: json(apiKeyWithSecretSchema, 'The key') },
})
const list = createRoute({
  method: 'get',
  path: '/',
  summary: 'All API keys, live or not; never the keys themselves',
  responses: { 200: json(apiKeyListSchema, 'Oldest first') },
})
const revoke = createRoute({
  method: 'delete',
  path: '/{id}',
  summary: 'Revoke an API key; within two seconds no replica takes it',
  request: byId,
  responses: { 200: json(apiKeySchema, 'The key as it is now') },
})
const rotate = createRoute({
  method: 'post',
  path: '/{id}/rotate',
  summary: 'Make a successor, which is shown once, and end the old key after a time',
  request: { ...byId, body: json(rotateApiKeySchema, 'For how long both are live') },
  responses: { 201: json(apiKeyWithSecretSchema, 'The successor') },
})

export function apiKeyRoutes(apiKeys: ApiKeys): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(create, async (c) => {
    const made = await apiKeys.create(requestedKey(c.req.valid('json')), actorOf(c))
    return c.json(withSecret(made), 201)
  })
  router.openapi(list, async (c) =>
    c.json({ apiKeys: (await apiKeys.list()).map(viewApiKey) }, 200),
  )
  router.openapi(revoke, async (c) =>
    c.json(viewApiKey(await apiKeys.revoke(c.req.valid('param').id, actorOf(c))), 200),
  )
  router.openapi(rotate, async (c) => {
    // Without a body there is nothing valid, and the defaults count.
    const { overlapSeconds } = rotateApiKeySchema.parse(c.req.valid('json') ?? {})
    const { id } = c.req.valid('param')
    return c.json(withSecret(await apiKeys.rotate(id, overlapSeconds * 1000, actorOf(c))), 201)
  })
  return router
}

function actorOf(c: Context<Environment>): KeyActor {
  return { ...callerOf(c), access: c.get('access') }
}

/** The one answer that shows a key, right after it was made. */
function withSecret({ row, key }: { row: ApiKeyRow; key: Secret }): ApiKeyWithSecret {
  return { ...viewApiKey(row), key: key.expose() }
}
