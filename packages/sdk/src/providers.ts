import { KeywellError, type Provider, type ProviderList, routes } from '@keywell/protocol'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

/** The catalogue: what can be connected, with which scopes, and what agents can do there. */
export class Providers {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** All of them, on one page. */
  list(options?: CallOptions): List<Provider, ProviderList> {
    return new List({
      read: () => this.#service.request(routes.providers.list, 'providers.list', {}, options),
      itemsOf: ({ providers }) => providers,
      cursorOf: () => null,
    })
  }

  /**
   * One of them, for `planScopes` and `toolsOf`.
   * Throws `KeywellError` (`unknown_provider`) where the catalogue has none of that name.
   */
  async get(name: string, options?: CallOptions): Promise<Provider> {
    const { providers } = await this.list(options)
    const provider = providers.find((each) => each.name === name)
    if (provider !== undefined) return provider
    throw new KeywellError('unknown_provider', `There is no provider "${name}" in the catalogue.`, {
      nextStep: `It has ${providers.map((each) => each.name).join(', ')}.`,
    })
  }
}
