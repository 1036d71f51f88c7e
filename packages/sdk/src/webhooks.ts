import {
  type CreateWebhook,
  createWebhookSchema,
  type Delivery,
  type DeliveryList,
  deliveryListSchema,
  deliverySchema,
  listDeliveriesSchema,
  messageIdSchema,
  replayAnswerSchema,
  type UpdateWebhook,
  updateWebhookSchema,
  type Webhook,
  type WebhookList,
  type WebhookWithSecret,
  webhookIdSchema,
  webhookListSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from '@keywell/protocol'
import { List } from './list.ts'
import { type CallOptions, parseInput, type Service } from './service.ts'
import type { WebhookEvent, WebhookMessage } from './webhooks/message.ts'
import { createWebhookVerifier, type WebhookVerifier } from './webhooks/verifier.ts'

/** Names a webhook; without a tenant it is the installation's. */
export interface WebhookReference {
  readonly webhookId: string
  readonly tenantId?: string
}

/** Page of `webhooks.listDeliveries`. */
export interface ListDeliveries extends WebhookReference {
  readonly state?: Delivery['state']
  /** 100 unless told, 500 at most. */
  readonly limit?: number
  readonly cursor?: string
}

/** Where the service tells of changes, and the check of what it tells. */
export class Webhooks implements WebhookVerifier {
  readonly #service: Service
  readonly #verifier: WebhookVerifier | undefined

  constructor(service: Service, secret: string | readonly string[] | undefined) {
    this.#service = service
    this.#verifier = secret === undefined ? undefined : createWebhookVerifier({ secret })
  }

  /** See `WebhookVerifier.verify`. Needs `webhookSecret`. */
  async verify(message: WebhookMessage): Promise<WebhookEvent> {
    return this.#requireVerifier().verify(message)
  }

  /** See `WebhookVerifier.receive`. Needs `webhookSecret`. */
  async receive(request: Request, handle: (event: WebhookEvent) => unknown): Promise<Response> {
    return this.#requireVerifier().receive(request, handle)
  }

  /** The answer shows the secret, once. */
  async create(webhook: CreateWebhook, options?: CallOptions): Promise<WebhookWithSecret> {
    return this.#service.call(
      {
        method: 'POST',
        path: '/v1/webhooks',
        body: parseInput(createWebhookSchema, webhook, 'webhooks.create'),
        schema: webhookWithSecretSchema,
      },
      options,
    )
  }

  /** Those of a tenant, or the installation's, on one page. */
  list(
    query: { readonly tenantId?: string } = {},
    options?: CallOptions,
  ): List<Webhook, WebhookList> {
    const { tenantId } = query
    return new List({
      read: () =>
        this.#service.call(
          { method: 'GET', path: '/v1/webhooks', query: { tenantId }, schema: webhookListSchema },
          options,
        ),
      itemsOf: ({ webhooks }) => webhooks,
      cursorOf: () => null,
    })
  }

  async get(reference: WebhookReference, options?: CallOptions): Promise<Webhook> {
    return this.#service.call(
      { method: 'GET', ...target(reference, 'get'), schema: webhookSchema },
      options,
    )
  }

  /** What is left out stays. */
  async update(
    update: UpdateWebhook & { readonly webhookId: string },
    options?: CallOptions,
  ): Promise<Webhook> {
    const { webhookId, ...change } = update
    return this.#service.call(
      {
        method: 'PATCH',
        path: target({ webhookId }, 'update').path,
        body: parseInput(updateWebhookSchema, change, 'webhooks.update'),
        schema: webhookSchema,
      },
      options,
    )
  }

  async delete(reference: WebhookReference, options?: CallOptions): Promise<Webhook> {
    return this.#service.call(
      { method: 'DELETE', ...target(reference, 'delete'), schema: webhookSchema },
      options,
    )
  }

  /** The answer shows the new secret, once. For a day the one before signs too. */
  async rotateSecret(
    reference: WebhookReference,
    options?: CallOptions,
  ): Promise<WebhookWithSecret> {
    return this.#service.call(
      {
        method: 'POST',
        ...target(reference, 'rotateSecret', '/rotate-secret'),
        schema: webhookWithSecretSchema,
      },
      options,
    )
  }

  /** Its messages, newest first. */
  listDeliveries(query: ListDeliveries, options?: CallOptions): List<Delivery, DeliveryList> {
    const { webhookId, ...rest } = query
    const name = 'webhooks.listDeliveries'
    return new List({
      read: async (place) =>
        this.#service.call(
          {
            method: 'GET',
            path: target({ webhookId }, 'listDeliveries', '/deliveries').path,
            query: parseInput(listDeliveriesSchema, { ...rest, ...place }, name),
            schema: deliveryListSchema,
          },
          options,
        ),
      itemsOf: ({ deliveries }) => deliveries,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /** Sends a message again that was delivered or given up, under the same id. */
  async replay(
    { messageId, ...reference }: WebhookReference & { readonly messageId: string },
    options?: CallOptions,
  ): Promise<Delivery> {
    const id = parseInput(messageIdSchema, messageId, 'webhooks.replay: messageId')
    return this.#service.call(
      {
        method: 'POST',
        ...target(reference, 'replay', `/deliveries/${id}/replay`),
        schema: deliverySchema,
      },
      options,
    )
  }

  /** Sends all messages again that were given up; answers how many. */
  async replayDead(reference: WebhookReference, options?: CallOptions): Promise<number> {
    const { replayed } = await this.#service.call(
      {
        method: 'POST',
        ...target(reference, 'replayDead', '/replay-dead'),
        schema: replayAnswerSchema,
      },
      options,
    )
    return replayed
  }

  /** Sends a message `webhook.test`. */
  async test(reference: WebhookReference, options?: CallOptions): Promise<Delivery> {
    return this.#service.call(
      { method: 'POST', ...target(reference, 'test', '/test'), schema: deliverySchema },
      options,
    )
  }

  #requireVerifier(): WebhookVerifier {
    if (this.#verifier !== undefined) return this.#verifier
    throw new TypeError(
      'Keywell: the webhook secret is missing. Set KEYWELL_WEBHOOK_SECRET_FILE or KEYWELL_WEBHOOK_SECRET, or pass `webhookSecret`.',
    )
  }
}

function target({ webhookId, tenantId }: WebhookReference, name: string, below = '') {
  const id = parseInput(webhookIdSchema, webhookId, `webhooks.${name}: webhookId`)
  return { path: `/v1/webhooks/${id}${below}`, query: { tenantId } }
}
