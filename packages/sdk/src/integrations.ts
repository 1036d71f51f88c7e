import {
  type CreateIntegration,
  type Integration,
  type IntegrationList,
  type IntegrationValidation,
  type RemoveIntegrationAnswer,
  routes,
  type SetClient,
  type UpdateIntegration,
} from '@keywell/protocol'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

/** Names an integration; without a tenant it is one of the installation. */
export interface IntegrationReference {
  readonly integrationId: string
  readonly tenantId?: string
}

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

  async get(reference: IntegrationReference, options?: CallOptions): Promise<Integration> {
    return this.#service.request(
      routes.integrations.get,
      'integrations.get',
      { params: reference, query: reference },
      options,
    )
  }

  /** Sets the client: completes a draft, or replaces a client secret that was renewed. */
  async setClient(
    client: SetClient & { readonly integrationId: string },
    options?: CallOptions,
  ): Promise<Integration> {
    const { integrationId, ...body } = client
    return this.#service.request(
      routes.integrations.setClient,
      'integrations.setClient',
      { params: { integrationId }, body },
      options,
    )
  }

  /**
   * Changes its scopes, disables or enables it; what is left out stays. With `revision`, a change of anything newer is
   * a `conflict`.
   */
  async update(
    update: UpdateIntegration & IntegrationReference & { readonly revision?: number },
    options?: CallOptions,
  ): Promise<Integration> {
    const { integrationId, revision, ...body } = update
    return this.#service.request(
      routes.integrations.update,
      'integrations.update',
      { params: { integrationId }, headers: ifMatch(revision), body },
      options,
    )
  }

  /**
   * Removes it. While it has connections that is a `conflict`, unless `force` says what becomes of them. Ask again
   * while the answer says `removed: false`.
   */
  async delete(
    removal: IntegrationReference & {
      readonly revision?: number
      readonly force?: 'disconnect' | 'abandon'
    },
    options?: CallOptions,
  ): Promise<RemoveIntegrationAnswer> {
    return this.#service.request(
      routes.integrations.remove,
      'integrations.delete',
      { params: removal, headers: ifMatch(removal.revision), query: removal },
      options,
    )
  }

  /** Asks the provider whether it knows the client and its secret; once in 10 s. */
  async validate(
    question: IntegrationReference & { readonly host?: string },
    options?: CallOptions,
  ): Promise<IntegrationValidation> {
    const { integrationId, ...body } = question
    return this.#service.request(
      routes.integrations.validate,
      'integrations.validate',
      { params: { integrationId }, body },
      options,
    )
  }
}

/** The header that names the revision that was read. */
export function ifMatch(revision: number | undefined): { 'if-match'?: string } {
  return revision === undefined ? {} : { 'if-match': `"${revision}"` }
}
