/** The providers that exist, asked for by a name that came from outside. */
import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { findProvider } from '@keywell/providers'

/** @throws KeywellError `unknown_provider` */
export function requireProvider(name: string): ProviderDefinition {
  const provider = findProvider(name)
  if (provider === undefined) {
    throw new KeywellError('unknown_provider', `There is no provider "${name}" in the catalogue.`)
  }
  return provider
}

/** @throws KeywellError `scope_not_allowed` */
export function requireKnownScopes(provider: ProviderDefinition, scopes: readonly string[]): void {
  const known = new Set(provider.scopes.map((scope) => scope.name))
  const unknown = scopes.filter((scope) => !known.has(scope))
  if (unknown.length > 0) {
    throw new KeywellError(
      'scope_not_allowed',
      `${provider.title} has no scope ${unknown.map((scope) => `"${scope}"`).join(', ')}.`,
      { nextStep: `Its scopes are: ${[...known].join(', ')}.` },
    )
  }
}
