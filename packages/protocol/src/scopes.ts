// It is part of browser bundles: it imports nothing, and the types that it names cost nothing.

/** What is known of a provider's scopes, as far as one implies another. */
export interface ScopeImplications {
  readonly scopes: readonly { readonly name: string; readonly implies: readonly string[] }[]
}

/**
 * Everything that a token with these scopes may do: the scopes themselves, first and in their order,
 * then what they imply, directly or by way of another. Scopes that the provider's data does not know
 * are kept: a grant is what the provider says it is.
 */
export function impliedScopes(
  provider: ScopeImplications,
  scopes: readonly string[],
): readonly string[] {
  const implications = new Map(provider.scopes.map(({ name, implies }) => [name, implies]))
  // A set hands out what is added to it while it is walked, each member once: a closure, which ends
  // also where scopes imply each other.
  const closure = new Set(scopes)
  for (const scope of closure) {
    for (const implied of implications.get(scope) ?? []) closure.add(implied)
  }
  return [...closure]
}

/** Those of `asked` that a token with the scopes `granted` does not cover, each once. */
export function missingScopes(
  provider: ScopeImplications,
  asked: readonly string[],
  granted: readonly string[],
): readonly string[] {
  const covered = new Set(impliedScopes(provider, granted))
  return [...new Set(asked)].filter((scope) => !covered.has(scope))
}
