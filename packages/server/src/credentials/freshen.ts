import type { TenantPolicy } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Catalogue } from '../catalogue.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import type { PolicyCheck } from './policy-check.ts'
import { hasEnded, type Renewal, type RenewalReason } from './renewal.ts'
import { requireUsable } from './usable-credential.ts'

/** How long a use waits for a refresh, its own or another process's. Default of `waitMs`. */
const defaultWaitMs = 5_000

/** A credential that may be used now, and what its tenant is allowed. */
export interface UsableCredential {
  readonly row: CredentialReadRow
  readonly policy: TenantPolicy
}

export interface FreshenOptions {
  readonly caller: Actor
  /** A page where its user can connect again. */
  readonly connectUrl: string | undefined
  /** Why a newer one is wanted. Default: only where it has ended. */
  readonly reason?: RenewalReason | null
  /** Default: 5,000. */
  readonly waitMs?: number | undefined
}

/**
 * Makes sure that a credential may be used: its tenant's policy allows it, and it has not ended. One that has
 * ended is renewed first.
 *
 * @throws KeywellError `not_allowed_for_tenant`, `needs_reauth`, `not_connected`, `refresh_in_progress`
 */
export type Freshen = (
  found: CredentialReadRow,
  options: FreshenOptions,
) => Promise<UsableCredential>

export function createFreshen(parts: {
  catalogue: Catalogue
  checkPolicy: PolicyCheck
  renewed: Renewal
}): Freshen {
  const { catalogue, checkPolicy, renewed } = parts
  return async (found, { caller, connectUrl, reason = reasonOf(found), waitMs }) => {
    let row = found
    let policy = await checkPolicy(row, caller, connectUrl)
    if (reason !== null) {
      row = await renewed(row, reason, waitMs ?? defaultWaitMs)
      policy = await checkPolicy(row, caller, connectUrl)
    }
    requireUsable(catalogue, row, connectUrl)
    return { row, policy }
  }
}

function reasonOf(row: CredentialReadRow): RenewalReason | null {
  const isKept = row.status === 'active' && row.sealed !== null
  return isKept && row.renewable && hasEnded(row) ? 'ended' : null
}
