/** The providers that exist, asked for by a name that came from outside. */
import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { checkDefinition, isTenantsOwn, ownNamePrefix } from '@keywell/providers'

/**
 * Each call answers what holds now: nothing that is kept for longer may be derived from it once. A tenant sees the
 * installation's providers and its own, `@install` those of the installation alone.
 */
export interface Catalogue {
  /** Those of the installation, in the order in which they are shown. The same array until the catalogue changes. */
  readonly all: readonly ProviderDefinition[]
  /** The installation's, and then the tenant's own. */
  list(tenantId: string): readonly ProviderDefinition[]
  /** Names are compared exactly. */
  find(tenantId: string, name: string): ProviderDefinition | undefined
  /** @throws KeywellError `unknown_provider` */
  get(tenantId: string, name: string): ProviderDefinition
  /** Calls the listener after each change of the installation's. It must not throw. */
  onChange(listener: () => void): void
}

/** Where the installation's definitions come from, beside those that are fixed. What stands first counts. */
export type DefinitionSource = 'file' | 'api'

/** A catalogue to which others add. What they add was checked, and each has a name of its own. */
export interface OpenCatalogue extends Catalogue {
  /** One that is there without anybody's addition. */
  fixed(name: string): ProviderDefinition | undefined
  isDefinedBy(source: DefinitionSource, name: string): boolean
  /** Whether the installation has it, whatever this source adds. */
  isDefinedWithout(source: DefinitionSource, name: string): boolean
  /** Puts these in the place of those of before; one with the name of a fixed provider stands in for it. */
  replace(source: DefinitionSource, definitions: readonly ProviderDefinition[]): void
  /** The same for a tenant's own. */
  replaceOwn(tenantId: string, definitions: readonly ProviderDefinition[]): void
}

/** @throws TypeError for a definition that the schema refuses, and for two of one name */
export function createCatalogue(fixed: readonly ProviderDefinition[]): OpenCatalogue {
  // Maps and not objects, so that `constructor` and `__proto__` are names like any other.
  const fixedByName = new Map<string, ProviderDefinition>()
  for (const definition of fixed) {
    const { name } = requireRight(definition)
    if (fixedByName.has(name)) throw new TypeError(`There are two providers "${name}".`)
    fixedByName.set(name, definition)
  }
  const added: Record<DefinitionSource, readonly ProviderDefinition[]> = { file: [], api: [] }
  const own = new Map<string, Definitions>()
  const listeners: (() => void)[] = []
  let all = fixed
  let byName = named(all)

  // A name says whose it is, so that a tenant's provider never stands in for another.
  const find = (tenantId: string, name: string) =>
    isTenantsOwn({ name }) ? own.get(tenantId)?.get(name) : byName.get(name)

  const isDefinedBy = (source: DefinitionSource, name: string) =>
    added[source].some((definition) => definition.name === name)

  return {
    get all() {
      return all
    },
    list: (tenantId) => [...all, ...(own.get(tenantId)?.values() ?? [])],
    find,
    get(tenantId, name) {
      const provider = find(tenantId, name)
      if (provider !== undefined) return provider
      throw new KeywellError('unknown_provider', `There is no provider "${name}" in the catalogue.`)
    },
    onChange: (listener) => void listeners.push(listener),
    fixed: (name) => fixedByName.get(name),
    isDefinedBy,
    isDefinedWithout: (source, name) =>
      fixedByName.has(name) || isDefinedBy(source === 'file' ? 'api' : 'file', name),
    replace(source, definitions) {
      added[source] = definitions
      const addedNames = named([...added.api, ...added.file])
      all = [
        ...fixed.map((definition) => addedNames.get(definition.name) ?? definition),
        ...[...addedNames.values()].filter(({ name }) => !fixedByName.has(name)),
      ]
      byName = named(all)
      for (const listener of listeners) listener()
    },
    replaceOwn(tenantId, definitions) {
      if (definitions.length === 0) own.delete(tenantId)
      else own.set(tenantId, named(definitions.filter(isTenantsOwn)))
    },
  }
}

type Definitions = ReadonlyMap<string, ProviderDefinition>

/** Of two with one name, the later. */
function named(definitions: readonly ProviderDefinition[]): Definitions {
  return new Map(definitions.map((definition) => [definition.name, definition]))
}

function requireRight(definition: ProviderDefinition): ProviderDefinition {
  const read = checkDefinition(definition)
  const problems =
    'problems' in read ? read.problems : isTenantsOwn(definition) ? [reservedName] : []
  // The object that was given, so that an embedder finds its own in the catalogue.
  if (problems.length === 0) return definition
  const faults = problems.map(({ pointer, reason }) => `${pointer}: ${reason}`)
  throw new TypeError(
    `The provider "${definition.name}" is not defined right. ${faults.join('; ')}`,
  )
}

/** What is wrong with a definition of the installation that has the name of a tenant's. */
export const reservedName = {
  pointer: '/name',
  reason: `begins with ${ownNamePrefix}, as the names of providers do that tenants define for themselves`,
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
