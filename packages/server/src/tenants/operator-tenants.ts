import { KeywellError, type Tenant, tenantIdSchema } from '@keywell/protocol'
import type { Tenants } from './erase.ts'

/** Erases tenants for the operator's command line, without an API key. */
export interface OperatorTenants {
  /**
   * Erases a tenant as far as possible now. `erasing` in the answer means that grants are still to be
   * withdrawn; the running service continues with them.
   *
   * @throws KeywellError `not_found` for a tenant that never had any data, `invalid_request` for
   * what is no tenant's id: `@install` is not to be erased
   */
  erase(
    tenantId: string,
    options?: { now?: boolean; onProgress?: (connectionsLeft: number) => void },
  ): Promise<Tenant>
}

export function createOperatorTenants(tenants: Pick<Tenants, 'erase'>): OperatorTenants {
  return {
    async erase(tenantId, { now = false, onProgress = () => {} } = {}) {
      const { error } = tenantIdSchema.safeParse(tenantId)
      if (error) throw new KeywellError('invalid_request', `tenant: ${error.issues[0]?.message}`)
      for (;;) {
        const tenant = await tenants.erase(tenantId, { now, caller: { actor: 'operator' } })
        if (tenant.state === 'erased' || tenant.holds.connections === 0) return tenant
        onProgress(tenant.holds.connections)
      }
    },
  }
}
