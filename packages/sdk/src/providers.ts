import {
  type CategoryList,
  type ListProviders,
  type Provider,
  type ProviderList,
  type ReadProvider,
  routes,
} from '@keywell/protocol'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

/** The catalogue: what can be connected, with which scopes, and what agents can do there. */
export class Providers {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** All of them, or those that fit; up to 500 on a page. With a tenant, those of its own too. */
  list(query: ListProviders = {}, options?: CallOptions): List<Provider, ProviderList> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.providers.list,
          'providers.list',
          { query: { ...query, ...place } },
          options,
        ),
      itemsOf: ({ providers }) => providers,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  /** The categories of the catalogue, and how many providers are in each. */
  async categories(query: ReadProvider = {}, options?: CallOptions): Promise<CategoryList> {
    return this.#service.request(
      routes.providers.categories,
      'providers.categories',
      { query },
      options,
    )
  }

  /**
   * One of them, for `planScopes` and `toolsOf`. With a tenant also one that the tenant has defined for itself.
   * Throws `KeywellError` (`unknown_provider`) where the catalogue has none of that name.
   */
  async get(name: string, query: ReadProvider = {}, options?: CallOptions): Promise<Provider> {
    return this.#service.request(
      routes.providers.get,
      'providers.get',
      { params: { name }, query },
      options,
    )
  }
}
