import {
  routes,
  type SetTenantPolicy,
  type Tenant,
  type TenantId,
  type TenantPolicyAnswer,
} from '@keywell/protocol'
import type { CacheChange } from './cache/cache-change.ts'
import type { CallOptions, Service } from './service.ts'

/**
 * What a tenant may do, and its end, for a key with the role `admin`. To copy what is kept, stream its
 * `/export`.
 */
export class Tenants {
  readonly #service: Service
  readonly #notify: (change: CacheChange) => void

  /** @param notify called with a change that an answer shows, before the change stream brings it */
  constructor(service: Service, notify: (change: CacheChange) => void) {
    this.#service = service
    this.#notify = notify
  }

  /** What there is of a tenant, or how far its erasure is. */
  async get(tenantId: string, options?: CallOptions): Promise<Tenant> {
    return this.#service.request(
      routes.tenants.get,
      'tenants.get',
      { params: { tenantId } },
      options,
    )
  }

  /**
   * Erases a tenant for good: connections removed, grants withdrawn, then its keys destroyed. `erasing` in
   * the answer: grants are still to be withdrawn, which the service goes on with.
   *
   * @param options.now destroys the keys without waiting; grants that are left live on at the providers
   */
  async delete(
    tenantId: string,
    options: CallOptions & { readonly now?: boolean } = {},
  ): Promise<Tenant> {
    const query = { now: String(options.now ?? false) }
    return this.#service.request(
      routes.tenants.erase,
      'tenants.delete',
      { params: { tenantId }, query },
      options,
    )
  }

  /** What the operator allows the tenant; nothing is limited until a policy is set. */
  async getPolicy(tenantId: string, options?: CallOptions): Promise<TenantPolicyAnswer> {
    return this.#service.request(
      routes.tenants.getPolicy,
      'tenants.getPolicy',
      { params: { tenantId } },
      options,
    )
  }

  /**
   * Replaces the whole policy; the last one counts. What is left out is not limited, an empty list allows
   * nothing. It holds at once: for new connections, and for those that there are, which are kept alive
   * and not handed out while they go beyond it.
   *
   * Throws `unknown_provider`, `host_not_allowed` or `scope_not_allowed` for what there is not.
   */
  async setPolicy(
    tenantId: string,
    policy: SetTenantPolicy,
    options?: CallOptions,
  ): Promise<TenantPolicyAnswer> {
    const answer = await this.#service.request(
      routes.tenants.setPolicy,
      'tenants.setPolicy',
      { params: { tenantId }, body: policy },
      options,
    )
    this.#notifyPolicy(tenantId)
    return answer
  }

  /** Limits the tenant no more. */
  async deletePolicy(tenantId: string, options?: CallOptions): Promise<TenantPolicyAnswer> {
    const answer = await this.#service.request(
      routes.tenants.removePolicy,
      'tenants.deletePolicy',
      { params: { tenantId } },
      options,
    )
    this.#notifyPolicy(tenantId)
    return answer
  }

  #notifyPolicy(tenantId: string): void {
    // The call that was just answered has checked it.
    this.#notify({ kind: 'policy', tenantId: tenantId as TenantId })
  }
}
