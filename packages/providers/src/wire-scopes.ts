import type { OAuth2Method, ProviderDefinition } from '@keywell/protocol'

type Scoped = Pick<ProviderDefinition, 'scopes'>
type Asking = Pick<OAuth2Method, 'authorize'>

/** The value of the parameter that asks for scopes: as the provider writes them, with those that are always sent. */
export function scopesSent(
  provider: Scoped,
  { authorize }: Asking,
  scopes: readonly string[],
): string {
  const { separator = ' ', always = [] } = authorize.scopes ?? {}
  const written = scopes.map((name) => find(provider, name)?.wire ?? name)
  return [...new Set([...written, ...always])].join(separator)
}

/** The scopes that an answer names, by their names here, and without those that are always sent. */
export function scopesGranted(
  provider: Scoped,
  { authorize }: Asking,
  written: readonly string[],
): string[] {
  const { always = [] } = authorize.scopes ?? {}
  return written
    .map((text) => provider.scopes.find(({ wire }) => wire === text)?.name ?? text)
    .filter((name) => !always.includes(name) || find(provider, name) !== undefined)
}

function find({ scopes }: Scoped, name: string) {
  return scopes.find((scope) => scope.name === name)
}
