import {
  type CreateIntegration,
  createIntegrationSchema,
  type Integration,
  integrationIdSchema,
  integrationListSchema,
  integrationSchema,
  type SetClient,
  setClientSchema,
} from '@keywell/protocol'
import { parseInput, type Service } from './service.ts'

/** The OAuth apps that are registered at providers. */
export class Integrations {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** Without `clientId` it is a draft, which tells the redirect URI to register at the provider. */
  async create(integration: CreateIntegration): Promise<Integration> {
    return this.#service.call({
      method: 'POST',
      path: '/v1/integrations',
      body: parseInput(createIntegrationSchema, integration, 'integrations.create'),
      schema: integrationSchema,
    })
  }

  /** Those of a tenant, or the shared ones. */
  async list(query: { readonly tenantId?: string } = {}): Promise<Integration[]> {
    const { integrations } = await this.#service.call({
      method: 'GET',
      path: '/v1/integrations',
      query: { tenantId: query.tenantId },
      schema: integrationListSchema,
    })
    return integrations
  }

  /** Completes a draft, or replaces a client secret that was renewed. */
  async setClient(update: SetClient & { readonly integrationId: string }): Promise<Integration> {
    const name = 'integrations.setClient'
    const { integrationId, ...client } = update
    const id = parseInput(integrationIdSchema, integrationId, `${name}: integrationId`)
    return this.#service.call({
      method: 'PUT',
      path: `/v1/integrations/${id}/client`,
      body: parseInput(setClientSchema, client, name),
      schema: integrationSchema,
    })
  }
}
