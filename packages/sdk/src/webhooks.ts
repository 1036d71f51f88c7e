import {
  type CreateWebhook,
  type Delivery,
  type DeliveryList,
  type EventPage,
  type KeywellEvent,
  routes,
  type SearchEvents,
  type UpdateWebhook,
  type Webhook,
  type WebhookList,
  type WebhookWithSecret,
} from '@keywell/protocol'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'
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
  /** Deliveries per page, at most 500. Default: 100. */
  readonly limit?: number
  readonly cursor?: string
}

/** Where the service sends changes, and the check of its messages. */
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
    return this.#service.request(
      routes.webhooks.create,
      'webhooks.create',
      { body: webhook },
      options,
    )
  }

  /** Those of a tenant, or the installation's, on one page. */
  list(
    query: { readonly tenantId?: string } = {},
    options?: CallOptions,
  ): List<Webhook, WebhookList> {
    return new List({
      read: () => this.#service.request(routes.webhooks.list, 'webhooks.list', { query }, options),
      itemsOf: ({ webhooks }) => webhooks,
      cursorOf: () => null,
    })
  }

  async get(reference: WebhookReference, options?: CallOptions): Promise<Webhook> {
    return this.#service.request(
      routes.webhooks.get,
      'webhooks.get',
      { params: reference, query: reference },
      options,
    )
  }

  /** What is left out stays. */
  async update(
    update: UpdateWebhook & { readonly webhookId: string },
    options?: CallOptions,
  ): Promise<Webhook> {
    const { webhookId, ...body } = update
    return this.#service.request(
      routes.webhooks.update,
      'webhooks.update',
      { params: { webhookId }, body },
      options,
    )
  }

  async delete(reference: WebhookReference, options?: CallOptions): Promise<Webhook> {
    return this.#service.request(
      routes.webhooks.remove,
      'webhooks.delete',
      { params: reference, query: reference },
      options,
    )
  }

  /** The answer shows the new secret, once. For a day the one before signs too. */
  async rotateSecret(
    reference: WebhookReference,
    options?: CallOptions,
  ): Promise<WebhookWithSecret> {
    return this.#service.request(
      routes.webhooks.rotateSecret,
      'webhooks.rotateSecret',
      { params: reference, query: reference },
      options,
    )
  }

  /** Its messages, newest first. */
  listDeliveries(query: ListDeliveries, options?: CallOptions): List<Delivery, DeliveryList> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.webhooks.deliveries,
          'webhooks.listDeliveries',
          { params: query, query: { ...query, ...place } },
          options,
        ),
      itemsOf: ({ deliveries }) => deliveries,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /** The events of a tenant that webhooks were sent, newest first, with the attempts for each webhook. */
  searchEvents(query: SearchEvents, options?: CallOptions): List<KeywellEvent, EventPage> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.events.search,
          'webhooks.searchEvents',
          { body: { ...query, ...place } },
          options,
        ),
      itemsOf: ({ events }) => events,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /** Sends a message again that was delivered or given up, under the same id. */
  async replay(
    reference: WebhookReference & { readonly messageId: string },
    options?: CallOptions,
  ): Promise<Delivery> {
    return this.#service.request(
      routes.webhooks.replay,
      'webhooks.replay',
      { params: reference, query: reference },
      options,
    )
  }

  /** Sends all messages again that were given up; answers how many. */
  async replayDead(reference: WebhookReference, options?: CallOptions): Promise<number> {
    const { replayed } = await this.#service.request(
      routes.webhooks.replayDead,
      'webhooks.replayDead',
      { params: reference, query: reference },
      options,
    )
    return replayed
  }

  /** Sends a message `webhook.test`. */
  async test(reference: WebhookReference, options?: CallOptions): Promise<Delivery> {
    return this.#service.request(
      routes.webhooks.test,
      'webhooks.test',
      { params: reference, query: reference },
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
