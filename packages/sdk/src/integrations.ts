import {
  type CreateIntegration,
  createIntegrationSchema,
  type Integration,
  type IntegrationList,
  integrationIdSchema,
  integrationListSchema,
  integrationSchema,
  type SetClient,
  setClientSchema,
} from '@keywell/protocol'
import { List } from './list.ts'
import { type CallOptions, parseInput, type Service } from './service.ts'

/** The OAuth apps that are registered at providers. */
export class Integrations {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** Without `clientId` it is a draft, which tells the redirect URI to register at the provider. */
  async create(integration: CreateIntegration, options?: CallOptions): Promise<Integration> {
    return this.#service.call(
      {
        method: 'POST',
        path: '/v1/integrations',
        body: parseInput(createIntegrationSchema, integration, 'integrations.create'),
        schema: integrationSchema,
      },
      options,
    )
  }

  /** Those of a tenant, or the shared ones, on one page. */
  list(
    query: { readonly tenantId?: string } = {},
    options?: CallOptions,
  ): List<Integration, IntegrationList> {
    const { tenantId } = query
    return new List({
      read: () =>
        this.#service.call(
          {
            method: 'GET',
            path: '/v1/integrations',
            query: { tenantId },
            schema: integrationListSchema,
          },
          options,
        ),
      itemsOf: ({ integrations }) => integrations,
      cursorOf: () => null,
    })
  }

  /** Sets the client: completes a draft, or replaces a client secret that was renewed. */
  async update(
    update: SetClient & { readonly integrationId: string },
    options?: CallOptions,
  ): Promise<Integration> {
    const name = 'integrations.update'
    const { integrationId, ...client } = update
    const id = parseInput(integrationIdSchema, integrationId, `${name}: integrationId`)
    return this.#service.call(
      {
        method: 'PUT',
        path: `/v1/integrations/${id}/client`,
        body: parseInput(setClientSchema, client, name),
        schema: integrationSchema,
      },
      options,
    )
  }
}
