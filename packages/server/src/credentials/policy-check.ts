import { KeywellError, type TenantPolicy } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Audit, AuditAction } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import { requireAllowed } from '../policy/require-allowed.ts'
import { noLimits, parseTenantPolicy } from '../policy/tenant-policies.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { CredentialReadRow } from '../store/credentials.ts'

/** @throws KeywellError `not_allowed_for_tenant`, after an audit row that says so */
export type PolicyCheck = (
  row: CredentialReadRow,
  caller: Actor,
  /** A page where its user can connect again. */
  connectUrl: string | undefined,
) => Promise<TenantPolicy>

/**
 * Whether a tenant may still use what it has connected. The policy is read with the credential's row, in one
 * query. A grant that the policy no longer allows cannot be narrowed here: it is not returned, and it is kept
 * valid, because the policy may allow it again.
 */
export function createPolicyCheck({
  audit,
  catalogue,
  action,
}: {
  audit: Pick<Audit, 'commit'>
  catalogue: Catalogue
  /** What the credential is wanted for, as the audit log names it. */
  action: AuditAction
}): PolicyCheck {
  return async (row, caller, connectUrl) => {
    if (row.policy === null) return noLimits
    try {
      return policyAllowing(catalogue, row, connectUrl)
    } catch (error) {
      if (!(error instanceof KeywellError)) throw error
      await audit.commit({
        ...auditEntryOf(row),
        ...caller,
        action,
        result: 'denied',
        reason: error.code,
      })
      throw error
    }
  }
}

function policyAllowing(
  catalogue: Catalogue,
  row: CredentialReadRow,
  connectUrl: string | undefined,
): TenantPolicy {
  const policy = parseTenantPolicy(row.policy)
  const provider = catalogue.get(row.tenantId, row.provider)
  requireAllowed(policy, { provider, host: row.host })
  requireAllowed(
    policy,
    { provider, scopes: row.grantedScopes },
    row.type === 'api_key' ? { nextStep: askForKey } : { nextStep: connectAgain, connectUrl },
  )
  return policy
}

const connectAgain =
  'Ask the user to connect again with fewer scopes, or ask the operator to allow these.'
const askForKey = 'Ask the user for a key that may do less, and store it with POST /v1/connections.'
