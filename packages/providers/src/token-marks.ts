import type { ProviderDefinition } from '@keywell/protocol'

/** What stands in the tokens of these providers, so that one is known in any text. */
export function tokenMarksOf(definitions: readonly ProviderDefinition[]): readonly string[] {
  return definitions.flatMap(({ tokenMarks = [] }) => tokenMarks)
}
