import type { ProviderDefinition } from '@keywell/protocol'

/** What the names of providers begin with that a tenant has defined for itself; no other name does. */
export const ownNamePrefix = 'x-'

/**
 * Whether a tenant has defined the provider for itself. Its name says so, wherever it stands: it is no provider of the
 * installation, and the same name at another tenant is another provider.
 */
export function isTenantsOwn({ name }: Pick<ProviderDefinition, 'name'>): boolean {
  return name.startsWith(ownNamePrefix)
}
