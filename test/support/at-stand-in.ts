import type { ProviderDefinition } from '@keywell/protocol'

/** A definition of the catalogue whose addresses lead to a stand-in: nothing else of it is another. */
export function atStandIn(
  definition: ProviderDefinition,
  origins: Readonly<Record<string, string>>,
): ProviderDefinition {
  const text = Object.entries(origins).reduce(
    (all, [real, standIn]) => all.replaceAll(real, standIn),
    JSON.stringify(definition),
  )
  return { ...JSON.parse(text), documentationUrl: definition.documentationUrl }
}
