import type { ProviderDefinition } from '@keywell/protocol'
import { gitlab } from './gitlab.ts'

/** Every provider that Keywell connects to. A new one is a file beside this one, and a name here. */
export const providers: readonly ProviderDefinition[] = [gitlab]

// A map and not an object, so that `constructor` and `__proto__` are names like any other.
const byName: ReadonlyMap<string, ProviderDefinition> = new Map(
  providers.map((provider) => [provider.name, provider]),
)

/** The provider of that name, or undefined. Names are compared exactly. */
export function findProvider(name: string): ProviderDefinition | undefined {
  return byName.get(name)
}
