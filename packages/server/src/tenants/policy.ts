import type { TenantPolicy, TenantPolicyAnswer } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { type Catalogue, requireKnownScopes } from '../catalogue.ts'
import { writePolicyChange } from '../changes/changes.ts'
import { parseHost } from '../host.ts'
import { noLimits, parseTenantPolicy } from '../policy/tenant-policies.ts'
import type { Database } from '../store/database.ts'
import { deleteTenantPolicy, findTenantPolicy, putTenantPolicy } from '../store/tenant-policies.ts'

/**
 * The operator's policy for each tenant. A policy is in force from its commit on, in every process: it is read
 * again with each act that it limits. A change invalidates the credentials that SDKs have cached for the tenant.
 */
export interface TenantPolicies {
  /** A tenant without a policy has no limits. */
  read(tenantId: string): Promise<TenantPolicyAnswer>
  /**
   * Replaces the whole policy. The last write wins.
   *
   * @throws KeywellError `unknown_provider`, `host_not_allowed` or `scope_not_allowed` for an unknown name
   */
  set(tenantId: string, policy: TenantPolicy, caller: Actor): Promise<TenantPolicyAnswer>
  /** Removes all limits. */
  remove(tenantId: string, caller: Actor): Promise<TenantPolicyAnswer>
}

export function createTenantPolicies(parts: {
  catalogue: Catalogue
  database: Database
  audit: Pick<Audit, 'write'>
}): TenantPolicies {
  const { database, audit } = parts

  return {
    async read(tenantId) {
      const row = await findTenantPolicy(database.of(tenantId), tenantId)
      return {
        policy: parseTenantPolicy(row?.policy ?? null),
        updatedAt: row?.updatedAt.toISOString() ?? null,
      }
    },

    async set(tenantId, wanted, caller) {
      const policy = checked(parts.catalogue, tenantId, wanted)
      return database.transaction(tenantId, async (sql) => {
        const { updatedAt } = await putTenantPolicy(sql, tenantId, policy)
        await writePolicyChange(sql, tenantId)
        await audit.write(sql, {
          ...caller,
          tenantId,
          action: 'tenant.policy.update',
          result: 'ok',
          reason: limitsOf(policy),
        })
        return { policy, updatedAt: updatedAt.toISOString() }
      })
    },

    async remove(tenantId, caller) {
      await database.transaction(tenantId, async (sql) => {
        if (!(await deleteTenantPolicy(sql, tenantId))) return
        await writePolicyChange(sql, tenantId)
        const action = 'tenant.policy.update' as const
        await audit.write(sql, { ...caller, tenantId, action, result: 'ok', reason: 'none' })
      })
      return { policy: noLimits, updatedAt: null }
    },
  }
}

/** With hosts in their one spelling. What a typing error would limit is found here, not by a user. */
function checked(catalogue: Catalogue, tenantId: string, policy: TenantPolicy): TenantPolicy {
  const { providers = [], hosts, scopes = {}, tools = {}, toolRules = {} } = policy
  for (const name of [...providers, ...Object.keys({ ...tools, ...toolRules })])
    catalogue.get(tenantId, name)
  for (const [name, ceiling] of Object.entries(scopes)) {
    requireKnownScopes(catalogue.get(tenantId, name), ceiling)
  }
  return hosts === undefined ? policy : { ...policy, hosts: hosts.map(parseHost) }
}

/** Which limits there are, for the audit log: `providers,scopes`. */
function limitsOf({ readOnly, ...limits }: TenantPolicy): string {
  return [...Object.keys(limits), ...(readOnly ? ['readOnly'] : [])].sort().join(',') || 'none'
}
