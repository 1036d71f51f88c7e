import { eraseTenantSchema, type Tenant, tenantIdSchema, tenantSchema } from '@keywell/protocol'
import { parseInput, type Service } from './service.ts'

/** The end of a tenant, for a key with the role `admin`. To copy what is kept, stream its `/export`. */
export class Tenants {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /** What there is of a tenant, or how far its erasure is. */
  async get(tenantId: string): Promise<Tenant> {
    return this.#service.call({
      method: 'GET',
      path: pathOf(tenantId, 'get'),
      schema: tenantSchema,
    })
  }

  /**
   * Erases a tenant for good: connections removed, grants withdrawn, then its keys destroyed. `erasing` in
   * the answer: grants are still to be withdrawn, which the service goes on with.
   *
   * @param options.now destroys the keys without waiting; grants that are left live on at the providers
   */
  async erase(tenantId: string, options: { readonly now?: boolean } = {}): Promise<Tenant> {
    const { now } = parseInput(
      eraseTenantSchema,
      { now: String(options.now ?? false) },
      'tenants.erase',
    )
    return this.#service.call({
      method: 'DELETE',
      path: pathOf(tenantId, 'erase'),
      query: { now },
      schema: tenantSchema,
    })
  }
}

function pathOf(tenantId: string, name: string): string {
  const id = parseInput(tenantIdSchema, tenantId, `tenants.${name}: tenantId`)
  return `/v1/tenants/${encodeURIComponent(id)}`
}
