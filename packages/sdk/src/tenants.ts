import {
  eraseTenantSchema,
  type SetTenantPolicy,
  type Tenant,
  type TenantPolicyAnswer,
  tenantIdSchema,
  tenantPolicyAnswerSchema,
  tenantPolicySchema,
  tenantSchema,
} from '@keywell/protocol'
import type { ChangeNews } from './cache/change-news.ts'
import { type CallOptions, parseInput, type Service } from './service.ts'

/**
 * What a tenant may do, and its end, for a key with the role `admin`. To copy what is kept, stream its
 * `/export`.
 */
export class Tenants {
  readonly #service: Service
  readonly #tell: (news: ChangeNews) => void

  /** @param tell what is known here already, before the change stream brings it */
  constructor(service: Service, tell: (news: ChangeNews) => void) {
    this.#service = service
    this.#tell = tell
  }

  /** What there is of a tenant, or how far its erasure is. */
  async get(tenantId: string, options?: CallOptions): Promise<Tenant> {
    return this.#service.call(
      { method: 'GET', path: pathOf(tenantId, 'get'), schema: tenantSchema },
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
    const { now } = parseInput(
      eraseTenantSchema,
      { now: String(options.now ?? false) },
      'tenants.delete',
    )
    return this.#service.call(
      { method: 'DELETE', path: pathOf(tenantId, 'delete'), query: { now }, schema: tenantSchema },
      options,
    )
  }

  /** What the operator allows the tenant; nothing is limited until a policy is set. */
  async getPolicy(tenantId: string, options?: CallOptions): Promise<TenantPolicyAnswer> {
    return this.#callPolicy('GET', tenantId, undefined, options)
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
    const body = parseInput(tenantPolicySchema, policy, 'tenants.setPolicy')
    return this.#callPolicy('PUT', tenantId, body, options)
  }

  /** Limits the tenant no more. */
  async deletePolicy(tenantId: string, options?: CallOptions): Promise<TenantPolicyAnswer> {
    return this.#callPolicy('DELETE', tenantId, undefined, options)
  }

  async #callPolicy(
    method: 'GET' | 'PUT' | 'DELETE',
    tenantId: string,
    body?: object,
    options?: CallOptions,
  ): Promise<TenantPolicyAnswer> {
    const id = parseInput(tenantIdSchema, tenantId, 'tenants: tenantId')
    const path = `/v1/tenants/${encodeURIComponent(id)}/policy`
    const schema = tenantPolicyAnswerSchema
    const answer = await this.#service.call({ method, path, body, schema }, options)
    if (method !== 'GET') this.#tell({ kind: 'policy', tenantId: id })
    return answer
  }
}

function pathOf(tenantId: string, name: string): string {
  const id = parseInput(tenantIdSchema, tenantId, `tenants.${name}: tenantId`)
  return `/v1/tenants/${encodeURIComponent(id)}`
}
