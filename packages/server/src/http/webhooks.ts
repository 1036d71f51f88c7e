import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  createWebhookSchema,
  deliveryListSchema,
  deliverySchema,
  listDeliveriesSchema,
  messageIdSchema,
  replayAnswerSchema,
  type Secret,
  updateWebhookSchema,
  type Webhook,
  type WebhookWithSecret,
  webhookIdSchema,
  webhookListSchema,
  webhookOwnerSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '@keywell/protocol'
import type { EndpointKey, Webhooks } from '../changes/webhooks/endpoints.ts'
import { requireWithinLimits, withinLimits } from './access.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'

const params = z.object({ id: webhookIdSchema })
const byId = { params, query: webhookOwnerSchema }
const messageParams = z.object({ id: webhookIdSchema, messageId: messageIdSchema })

const create = createRoute({
  method: 'post',
  path: '/',
  summary: 'Tell an endpoint of changes; the answer shows its secret, once',
  request: { body: { ...json(createWebhookSchema, 'URL and events'), required: true } },
  responses: { 201: json(webhookWithSecretSchema, 'The webhook and its secret') },
})
const list = createRoute({
  method: 'get',
  path: '/',
  summary: 'The webhooks of the installation, or those that a tenant owns',
  request: { query: webhookOwnerSchema },
  responses: { 200: json(webhookListSchema, 'Webhooks') },
})
const get = createRoute({
  method: 'get',
  path: '/{id}',
  summary: 'One webhook',
  request: byId,
  responses: { 200: json(webhookSchema, 'The webhook') },
})
const update = createRoute({
  method: 'patch',
  path: '/{id}',
  summary: 'Change its URL or events, disable or enable it',
  request: { params, body: { ...json(updateWebhookSchema, 'What changes'), required: true } },
  responses: { 200: json(webhookSchema, 'The webhook') },
})
const remove = createRoute({
  method: 'delete',
  path: '/{id}',
  summary: 'Remove a webhook and what was still to be sent to it',
  request: byId,
  responses: { 200: json(webhookSchema, 'The webhook as it was') },
})
const rotate = createRoute({
  method: 'post',
  path: '/{id}/rotate-secret',
  summary: 'Make a new secret; for a day messages are signed with the one before too',
  request: byId,
  responses: { 200: json(webhookWithSecretSchema, 'The webhook and its new secret') },
})
const deliveries = createRoute({
  method: 'get',
  path: '/{id}/deliveries',
  summary: 'Its messages: due, delivered (kept for 7 days) or dead (kept for 30)',
  request: { params, query: listDeliveriesSchema },
  responses: { 200: json(deliveryListSchema, 'A page of deliveries, newest first') },
})
const replay = createRoute({
  method: 'post',
  path: '/{id}/deliveries/{messageId}/replay',
  summary: 'Send a message again that has ended, under the same id',
  request: { params: messageParams, query: webhookOwnerSchema },
  responses: { 202: json(deliverySchema, 'The delivery, due now') },
})
const replayDead = createRoute({
  method: 'post',
  path: '/{id}/replay-dead',
  summary: 'Send all messages again that were given up',
  request: byId,
  responses: { 202: json(replayAnswerSchema, 'How many') },
})
const test = createRoute({
  method: 'post',
  path: '/{id}/test',
  summary: 'Send a message webhook.test',
  request: byId,
  responses: { 202: json(deliverySchema, 'The delivery, due now') },
})

export function webhookRoutes(webhooks: Webhooks): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(create, async (c) => {
    const { tenantId, ...rest } = c.req.valid('json')
    requireWithinLimits(c.get('access'), { tenantId })
    const made = await webhooks.create({ ...rest, tenantId: tenantId ?? null }, callerOf(c))
    return c.json(withSecret(made), 201)
  })
  router.openapi(list, async (c) => {
    const { tenantId } = withinLimits(c.get('access'), c.req.valid('query'))
    return c.json({ webhooks: await webhooks.list(tenantId ?? null) }, 200)
  })
  router.openapi(get, async (c) =>
    c.json(
      await webhooks.get(
        keyOf(c.req.valid('param'), withinLimits(c.get('access'), c.req.valid('query'))),
      ),
      200,
    ),
  )
  router.openapi(update, async (c) => {
    const { tenantId, ...change } = withinLimits(c.get('access'), c.req.valid('json'))
    const key = keyOf(c.req.valid('param'), { tenantId })
    return c.json(await webhooks.update(key, change, callerOf(c)), 200)
  })
  router.openapi(remove, async (c) => {
    const key = keyOf(c.req.valid('param'), withinLimits(c.get('access'), c.req.valid('query')))
    return c.json(await webhooks.remove(key, callerOf(c)), 200)
  })
  router.openapi(rotate, async (c) => {
    const key = keyOf(c.req.valid('param'), withinLimits(c.get('access'), c.req.valid('query')))
    return c.json(withSecret(await webhooks.rotateSecret(key, callerOf(c))), 200)
  })
  router.openapi(deliveries, async (c) => {
    const { tenantId, ...page } = withinLimits(c.get('access'), c.req.valid('query'))
    return c.json(await webhooks.deliveries(keyOf(c.req.valid('param'), { tenantId }), page), 200)
  })
  router.openapi(replay, async (c) => {
    const { messageId, ...path } = c.req.valid('param')
    const key = keyOf(path, withinLimits(c.get('access'), c.req.valid('query')))
    return c.json(await webhooks.replay(key, messageId, callerOf(c)), 202)
  })
  router.openapi(replayDead, async (c) => {
    const key = keyOf(c.req.valid('param'), withinLimits(c.get('access'), c.req.valid('query')))
    return c.json({ replayed: await webhooks.replayDead(key, callerOf(c)) }, 202)
  })
  router.openapi(test, async (c) => {
    const key = keyOf(c.req.valid('param'), withinLimits(c.get('access'), c.req.valid('query')))
    return c.json(await webhooks.test(key, callerOf(c)), 202)
  })
  return router
}

function keyOf(path: { id: string }, owner: { tenantId?: string | undefined }): EndpointKey {
  return { id: path.id, tenantId: owner.tenantId ?? null }
}

/** The one answer that shows a secret, right after it was made. */
function withSecret({ webhook, secret }: { webhook: Webhook; secret: Secret }): WebhookWithSecret {
  return { ...webhook, secret: secret.expose() }
}
