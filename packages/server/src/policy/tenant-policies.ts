import { KeywellError, type TenantPolicy, tenantPolicySchema } from '@keywell/protocol'
import type { RequestedAccess } from '@keywell/providers'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Database, Sql } from '../store/database.ts'
import { findTenantPolicy } from '../store/tenant-policies.ts'
import { requireAllowed } from './require-allowed.ts'

/** Of a tenant that nothing was said of. */
export const noLimits: TenantPolicy = Object.freeze({ readOnly: false })

/** What a tenant may do, as it is now. @throws KeywellError `not_allowed_for_tenant` */
export async function readTenantPolicy(sql: Sql, tenantId: string): Promise<TenantPolicy> {
  return parseTenantPolicy((await findTenantPolicy(sql, tenantId))?.policy ?? null)
}

/**
 * A policy as it is stored; null: there is none. One that cannot be read, since a newer version wrote it
 * perhaps, allows nothing: what it limits is not known.
 *
 * @throws KeywellError `not_allowed_for_tenant`
 */
export function parseTenantPolicy(stored: unknown): TenantPolicy {
  if (stored === null) return noLimits
  const { data, error } = tenantPolicySchema.safeParse(stored)
  if (data !== undefined) return data
  throw new KeywellError(
    'not_allowed_for_tenant',
    "This version cannot read the tenant's policy, and allows nothing until it can.",
    {
      cause: error,
      nextStep: 'Let all processes of the service be of one version, or set the policy again.',
    },
  )
}

/** @throws KeywellError `not_allowed_for_tenant`, which says what is allowed instead */
export async function requireAllowedFor(
  sql: Sql,
  tenantId: string,
  requested: RequestedAccess,
): Promise<void> {
  requireAllowed(await readTenantPolicy(sql, tenantId), requested)
}

/** Does some work, and writes to the audit log when the policy was in its way. */
export async function noteRefusal<Result>(
  parts: { database: Database; audit: Pick<Audit, 'write'> },
  entry: Omit<AuditEntry, 'result' | 'reason'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof KeywellError && error.code === 'not_allowed_for_tenant') {
      const sql = parts.database.of(entry.tenantId)
      await parts.audit.write(sql, { ...entry, result: 'denied', reason: error.code })
    }
    throw error
  }
}
