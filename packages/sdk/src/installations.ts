import {
  type Installation,
  type InstallationList,
  type ProviderName,
  routes,
} from '@keywell/protocol'
import { type CacheChange, cacheChangeOf } from './cache/cache-change.ts'
import { List } from './list.ts'
import type { CallOptions, Service } from './service.ts'

export interface ListInstallations {
  readonly tenantId: string
  readonly provider?: ProviderName | undefined
  /** Installations per page, at most 500. Default: 100. */
  readonly limit?: number | undefined
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined
}

export interface InstallationReference {
  readonly connectionId: string
  readonly tenantId: string
}

/** Connections by apps that an administrator has installed, such as a GitHub App. They hold no secret. */
export class Installations {
  readonly #service: Service
  readonly #notify: (change: CacheChange) => void

  /** @param notify called with a change that an answer shows, before the change stream brings it */
  constructor(service: Service, notify: (change: CacheChange) => void) {
    this.#service = service
    this.#notify = notify
  }

  /** Of a tenant, the oldest first. See `List` for its three ways to be read. */
  list(query: ListInstallations, options?: CallOptions): List<Installation, InstallationList> {
    return new List({
      read: (place) =>
        this.#service.request(
          routes.installations.list,
          'installations.list',
          { query: { ...query, ...place } },
          options,
        ),
      itemsOf: ({ installations }) => installations,
      cursorOf: ({ nextCursor }) => nextCursor,
    })
  }

  get(reference: InstallationReference, options?: CallOptions): Promise<Installation> {
    return this.#service.request(
      routes.installations.get,
      'installations.get',
      { params: reference, query: reference },
      options,
    )
  }

  /**
   * Removes the app from the account at the provider, and disconnects. All connections of the installation end by it;
   * `connections.delete` ends one alone.
   */
  async delete(reference: InstallationReference, options?: CallOptions): Promise<Installation> {
    const removed = await this.#service.request(
      routes.installations.remove,
      'installations.delete',
      { params: reference, query: reference },
      options,
    )
    this.#notify(cacheChangeOf('disconnected', removed))
    return removed
  }
}
