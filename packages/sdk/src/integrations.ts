import {
  type CreateIntegration,
  type Integration,
  type IntegrationList,
  routes,
  type SetClient,
} from '@keywell/protocol'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

/** The OAuth apps that are registered at providers. */
export class Integrations {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** Without `clientId` it is a draft, which names the redirect URI to register at the provider. */
  async create(integration: CreateIntegration, options?: CallOptions): Promise<Integration> {
    return this.#service.request(
      routes.integrations.create,
      'integrations.create',
      { body: integration },
      options,
    )
  }

  /** Those of a tenant, or the shared ones, on one page. */
  list(
    query: { readonly tenantId?: string } = {},
    options?: CallOptions,
  ): List<Integration, IntegrationList> {
    return new List({
      read: () =>
        this.#service.request(routes.integrations.list, 'integrations.list', { query }, options),
      itemsOf: ({ integrations }) => integrations,
      cursorOf: () => null,
    })
  }

  /** Sets the client: completes a draft, or replaces a client secret that was renewed. */
  async update(
    update: SetClient & { readonly integrationId: string },
    options?: CallOptions,
  ): Promise<Integration> {
    const { integrationId, ...body } = update
    return this.#service.request(
      routes.integrations.setClient,
      'integrations.update',
      { params: { integrationId }, body },
      options,
    )
  }
}
