import {
  type CheckCustomProvider,
  type CustomProvider,
  type CustomProviderCheck,
  type CustomProviderList,
  routes,
  type WriteCustomProvider,
} from '@keywell/protocol'
import { ifMatch } from './integrations.ts'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

/** Names a definition; without a tenant it is one of the installation. */
export interface CustomProviderReference {
  readonly name: string
  readonly tenantId?: string
}

/** Providers that you define: for one tenant, whose names begin with `x-`, or for the whole installation. */
export class CustomProviders {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /**
   * Defines a provider: by a definition, by a preset and its values, or by a bundled provider and a JSON Merge Patch.
   * Throws `KeywellError` (`invalid_definition`) with each place in `problems`.
   */
  async create(definition: WriteCustomProvider, options?: CallOptions): Promise<CustomProvider> {
    return this.#service.request(
      routes.customProviders.create,
      'customProviders.create',
      { body: definition },
      options,
    )
  }

  /** Those of a tenant, or of the installation, on one page. */
  list(
    query: { readonly tenantId?: string } = {},
    options?: CallOptions,
  ): List<CustomProvider, CustomProviderList> {
    return new List({
      read: () =>
        this.#service.request(
          routes.customProviders.list,
          'customProviders.list',
          { query },
          options,
        ),
      itemsOf: ({ customProviders }) => customProviders,
      cursorOf: () => null,
    })
  }

  async get(reference: CustomProviderReference, options?: CallOptions): Promise<CustomProvider> {
    return this.#service.request(
      routes.customProviders.get,
      'customProviders.get',
      { params: reference, query: reference },
      options,
    )
  }

  /**
   * Replaces a definition. It applies at once, except that no stored secret goes to an origin that it was not stored for.
   * With `version`, a change of anything newer is a `conflict`.
   */
  async update(
    update: WriteCustomProvider & CustomProviderReference & { readonly version?: number },
    options?: CallOptions,
  ): Promise<CustomProvider> {
    const { name, version, ...body } = update
    return this.#service.request(
      routes.customProviders.update,
      'customProviders.update',
      { params: { name }, headers: ifMatch(version), body },
      options,
    )
  }

  /** Removes a definition that nothing needs: while there are connections or integrations, that is a `conflict`. */
  async delete(
    removal: CustomProviderReference & { readonly version?: number },
    options?: CallOptions,
  ): Promise<CustomProvider> {
    return this.#service.request(
      routes.customProviders.remove,
      'customProviders.delete',
      { params: removal, headers: ifMatch(removal.version), query: removal },
      options,
    )
  }

  /** Tries a definition with a credential: its health, its account, and each request that was made. Nothing is stored. */
  async check(trial: CheckCustomProvider, options?: CallOptions): Promise<CustomProviderCheck> {
    return this.#service.request(
      routes.customProviders.check,
      'customProviders.check',
      { body: trial },
      options,
    )
  }
}
