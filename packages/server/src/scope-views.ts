import {
  impliedScopes,
  type ProviderDefinition,
  type ScopeDefinition,
  type scopeGroupSchema,
  type scopePresetSchema,
  type scopeViewSchema,
} from '@keywell/protocol'
import type { z } from 'zod'

/** A scope as people see it. */
export function viewScope(
  provider: Pick<ProviderDefinition, 'scopes'>,
  { name, sentence, risk, group }: ScopeDefinition,
): z.input<typeof scopeViewSchema> {
  // All of them, so that they still hold where a scope in between is not offered.
  const [, ...implies] = impliedScopes(provider, [name])
  return { name, sentence, risk, implies, group }
}

/** The headings of these scopes. */
export function viewGroups(
  provider: Pick<ProviderDefinition, 'scopeGroups'>,
  scopes: readonly { readonly group: string }[],
): z.input<typeof scopeGroupSchema>[] {
  return provider.scopeGroups
    .filter(({ name }) => scopes.some(({ group }) => group === name))
    .map(({ name, title }) => ({ name, title }))
}

/** The presets that these scopes suffice for. */
export function viewPresets(
  provider: Pick<ProviderDefinition, 'scopePresets'>,
  scopes: readonly { readonly name: string }[],
): z.input<typeof scopePresetSchema>[] {
  const offered = new Set(scopes.map(({ name }) => name))
  return provider.scopePresets
    .filter((preset) => preset.scopes.every((name) => offered.has(name)))
    .map((preset) => ({ ...preset, scopes: [...preset.scopes] }))
}
