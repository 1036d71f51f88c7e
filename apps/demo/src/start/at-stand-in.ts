import type { ProviderDefinition } from '@keywell/protocol'

/** By origins of the real provider, as the definition writes them: where a stand-in has what is there. */
export type Origins = Readonly<Record<string, string>>

/** A definition of the catalogue whose addresses lead to a stand-in: nothing else of it is another. */
export function atStandIn(definition: ProviderDefinition, origins: Origins): ProviderDefinition {
  const text = Object.entries(origins).reduce(
    (all, [real, standIn]) => all.replaceAll(real, standIn),
    JSON.stringify(definition),
  )
  return { ...JSON.parse(text), documentationUrl: definition.documentationUrl }
}
