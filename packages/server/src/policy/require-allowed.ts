import { type ErrorDetails, KeywellError, type TenantPolicy } from '@keywell/protocol'
import { findViolation, type PolicyViolation, type RequestedAccess } from '@keywell/providers'

/** @throws KeywellError `not_allowed_for_tenant`, which says what is allowed instead */
export function requireAllowed(
  policy: TenantPolicy,
  requested: RequestedAccess,
  details: Pick<ErrorDetails, 'connectUrl' | 'nextStep'> = {},
): void {
  const violation = findViolation(policy, requested)
  if (violation === undefined) return
  const { readOnly } = policy
  throw new KeywellError('not_allowed_for_tenant', describe(violation, { readOnly }), details)
}

function describe(
  { to, refused, allowed }: PolicyViolation,
  { readOnly }: { readOnly: boolean },
): string {
  const most = allowed.length === 0 ? 'none' : `no others than ${allowed.join(', ')}`
  switch (to) {
    case 'provider':
    case 'host':
      return `The operator does not allow this tenant the ${to} ${refused.join(', ')}; of ${to}s it is allowed ${most}.`
    case 'scopes': {
      const what = refused.length > 0 ? `the scopes ${refused.join(', ')}` : 'unknown scopes'
      const why = readOnly ? ' It is to change nothing.' : ''
      return `The operator does not allow this tenant ${what}; of scopes it is allowed ${most}.${why}`
    }
    default:
      return to satisfies never
  }
}
