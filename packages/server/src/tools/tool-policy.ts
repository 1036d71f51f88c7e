import { limitOf, type TenantPolicy } from '@keywell/protocol'
import { defaultPolicy, type ToolPolicy } from '@keywell/tools'
import type { ToolUser } from './tool-user.ts'

/** What a tenant's policy and the caller's own credential allow together: the stricter of both. */
export function toolPolicyOf(
  policy: TenantPolicy,
  provider: string,
  user: Pick<ToolUser, 'tools' | 'readOnly'>,
): ToolPolicy {
  const rules = limitOf(policy.toolRules, provider) ?? {}
  const readOnlyBy = policy.readOnly
    ? 'the operator allows this tenant to change nothing'
    : 'the credential of this agent may change nothing'
  const named = limitOf(policy.tools, provider)
  const readOnly = policy.readOnly || user.readOnly === true
  return {
    readOnly,
    ...(readOnly && { readOnlyBy }),
    names: both(named, user.tools),
    named: named ?? [],
    denied: rules.denied ?? defaultPolicy.denied,
    approval: rules.approval ?? defaultPolicy.approval,
    places: rules.places ?? defaultPolicy.places,
    defaultPlaces: rules.defaultPlaces ?? defaultPolicy.defaultPlaces,
    revealsValues: rules.revealsValues ?? defaultPolicy.revealsValues,
    rateLimit: rules.rateLimit ?? defaultPolicy.rateLimit,
    maxResultBytes: rules.maxResultBytes ?? defaultPolicy.maxResultBytes,
  }
}

/** Null: neither limits them. */
function both(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | null {
  if (one === undefined || other === undefined) return one ?? other ?? null
  return one.filter((name) => other.includes(name))
}
