/** The providers that exist, asked for by a name that came from outside. */
import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { checkDefinition } from '@keywell/providers'

export interface Catalogue {
  /** In the order in which they are shown. */
  readonly all: readonly ProviderDefinition[]
  /** Names are compared exactly. */
  find(name: string): ProviderDefinition | undefined
  /** @throws KeywellError `unknown_provider` */
  get(name: string): ProviderDefinition
}

/** @throws TypeError for a definition that the schema refuses, and for two of one name */
export function createCatalogue(definitions: readonly ProviderDefinition[]): Catalogue {
  // A map and not an object, so that `constructor` and `__proto__` are names like any other.
  const byName = new Map<string, ProviderDefinition>()
  for (const definition of definitions) {
    const { name } = requireRight(definition)
    if (byName.has(name)) throw new TypeError(`There are two providers "${name}".`)
    byName.set(name, definition)
  }
  const find = (name: string) => byName.get(name)
  return {
    all: definitions,
    find,
    get(name) {
      const provider = find(name)
      if (provider !== undefined) return provider
      throw new KeywellError('unknown_provider', `There is no provider "${name}" in the catalogue.`)
    },
  }
}

function requireRight(definition: ProviderDefinition): ProviderDefinition {
  const read = checkDefinition(definition)
  // The object that was given, so that an embedder finds its own in the catalogue.
  if ('definition' in read) return definition
  const faults = read.problems.map(({ pointer, reason }) => `${pointer}: ${reason}`)
  throw new TypeError(
    `The provider "${definition.name}" is not defined right. ${faults.join('; ')}`,
  )
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
