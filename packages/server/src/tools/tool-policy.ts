import { limitOf, type TenantPolicy } from '@keywell/protocol'
import type { ToolPolicy } from '@keywell/tools'
import type { ToolUser } from './tool-user.ts'

const defaultRateLimit = { calls: 100, windowMs: 60_000 }
const defaultResultBytes = 1_048_576

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
    denied: rules.denied ?? [],
    approval: rules.approval ?? 'destroy',
    places: rules.places ?? {},
    defaultPlaces: rules.defaultPlaces ?? {},
    revealsValues: rules.revealsValues ?? false,
    rateLimit: rules.rateLimit ?? defaultRateLimit,
    maxResultBytes: rules.maxResultBytes ?? defaultResultBytes,
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
