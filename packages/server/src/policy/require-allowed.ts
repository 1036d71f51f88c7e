import { type ErrorDetails, KeywellError, type TenantPolicy } from '@keywell/protocol'
import { type Objection, objectionTo, type Wanted } from '@keywell/providers'

/** @throws KeywellError `not_allowed_for_tenant`, which says what is allowed instead */
export function requireAllowed(
  policy: TenantPolicy,
  wanted: Wanted,
  details: Pick<ErrorDetails, 'connectUrl' | 'nextStep'> = {},
): void {
  const objection = objectionTo(policy, wanted)
  if (objection === undefined) return
  const { readOnly } = policy
  throw new KeywellError('not_allowed_for_tenant', describe(objection, { readOnly }), details)
}

function describe(
  { to, refused, allowed }: Objection,
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
