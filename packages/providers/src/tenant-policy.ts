import {
  impliedScopes,
  limitOf,
  type ProviderDefinition,
  type TenantPolicy,
} from '@keywell/protocol'
import { isTenantsOwn } from './own-name.ts'

/** What a tenant is about to connect or use. A part that is left out is not checked. */
export interface RequestedAccess {
  readonly provider?: Pick<ProviderDefinition, 'name' | 'scopes'> | undefined
  /** Normalised, as a connection has it. */
  readonly host?: string | undefined
  /** What a credential may do there. Empty: it is not known, and so it is a violation where scopes are limited. */
  readonly scopes?: readonly string[] | undefined
}

/** What a policy does not allow, and what it allows instead. */
export interface PolicyViolation {
  readonly to: 'provider' | 'host' | 'scopes'
  /** Empty with `scopes`: it is not known what the credential may do. */
  readonly refused: readonly string[]
  readonly allowed: readonly string[]
}

/** The first part of the request that the policy does not allow; undefined: all of it is allowed. */
export function findViolation(
  policy: TenantPolicy,
  requested: RequestedAccess,
): PolicyViolation | undefined {
  const { provider, host, scopes } = requested
  const { providers, hosts } = policy
  if (provider !== undefined && providers?.includes(provider.name) === false) {
    return { to: 'provider', refused: [provider.name], allowed: providers }
  }
  if (host !== undefined && hosts?.includes(host) === false) {
    return { to: 'host', refused: [host], allowed: hosts }
  }
  const allowed = provider && scopesAllowed(policy, provider)
  if (scopes === undefined || allowed === undefined) return undefined
  const refused = scopes.filter((scope) => !allowed.includes(scope))
  if (scopes.length > 0 && refused.length === 0) return undefined
  return { to: 'scopes', refused, allowed }
}

/**
 * The provider's scopes that the policy allows, in the provider's order; undefined: it limits none. Those
 * that the provider's data does not know are not among them: it is not known what they open. A tenant that may only read
 * has none of a provider that it has defined itself: that a scope only reads is then its own word.
 */
export function scopesAllowed(
  policy: TenantPolicy,
  provider: Pick<ProviderDefinition, 'name' | 'scopes'>,
): readonly string[] | undefined {
  const ceiling = limitOf(policy.scopes, provider.name)
  if (ceiling === undefined && !policy.readOnly) return undefined
  const below = ceiling && new Set(impliedScopes(provider, ceiling))
  return provider.scopes
    .filter(({ name }) => below?.has(name) ?? true)
    .filter(({ readOnly }) => !policy.readOnly || (readOnly === true && !isTenantsOwn(provider)))
    .map(({ name }) => name)
}
