/** The providers that exist, asked for by a name that came from outside. */
import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { checkDefinition } from '@keywell/providers'

/** Each call answers what holds now: nothing that is kept for longer may be derived from it once. */
export interface Catalogue {
  /** In the order in which they are shown. The same array until the catalogue changes. */
  readonly all: readonly ProviderDefinition[]
  /** Names are compared exactly. */
  find(name: string): ProviderDefinition | undefined
  /** @throws KeywellError `unknown_provider` */
  get(name: string): ProviderDefinition
  /** Calls the listener after each change. It must not throw. */
  onChange(listener: () => void): void
}

/** A catalogue to which an operator adds. */
export interface OpenCatalogue extends Catalogue {
  /** Whether it is there without the operator. */
  isFixed(name: string): boolean
  /**
   * Puts these in the place of those of before; one with the name of a fixed provider stands in for it.
   *
   * @param own checked, and each with a name of its own
   */
  replaceOwn(own: readonly ProviderDefinition[]): void
}

/** @throws TypeError for a definition that the schema refuses, and for two of one name */
export function createCatalogue(fixed: readonly ProviderDefinition[]): OpenCatalogue {
  // A map and not an object, so that `constructor` and `__proto__` are names like any other.
  const fixedNames = new Set<string>()
  for (const definition of fixed) {
    const { name } = requireRight(definition)
    if (fixedNames.has(name)) throw new TypeError(`There are two providers "${name}".`)
    fixedNames.add(name)
  }
  const listeners: (() => void)[] = []
  let all = fixed
  let byName = named(all)
  const find = (name: string) => byName.get(name)
  return {
    get all() {
      return all
    },
    find,
    get(name) {
      const provider = find(name)
      if (provider !== undefined) return provider
      throw new KeywellError('unknown_provider', `There is no provider "${name}" in the catalogue.`)
    },
    onChange: (listener) => void listeners.push(listener),
    isFixed: (name) => fixedNames.has(name),
    replaceOwn(own) {
      const ownByName = named(own)
      all = [
        ...fixed.map((definition) => ownByName.get(definition.name) ?? definition),
        ...own.filter(({ name }) => !fixedNames.has(name)),
      ]
      byName = named(all)
      for (const listener of listeners) listener()
    },
  }
}

function named(definitions: readonly ProviderDefinition[]): Map<string, ProviderDefinition> {
  return new Map(definitions.map((definition) => [definition.name, definition]))
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
