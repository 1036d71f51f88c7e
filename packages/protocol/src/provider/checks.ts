import { addressProblems } from './address-checks.ts'
import { definitionShapeSchema } from './definition.ts'
import { methodProblems } from './method-checks.ts'
import { type Problem, repeated, unknownScopes } from './problem.ts'
import type { ProviderDefinition } from './types.ts'
import { variableProblems } from './variable-checks.ts'

/** All that is known of a provider, as data: each part is right by itself, and the parts fit together. */
export const providerDefinitionSchema = definitionShapeSchema.superRefine(
  (definition, { addIssue }) => {
    for (const { path, message } of problemsOf(definition)) {
      addIssue({ code: 'custom', path: [...path], message })
    }
  },
)

function problemsOf(definition: ProviderDefinition): Problem[] {
  return [
    ...variableProblems(definition),
    ...addressProblems(definition),
    ...scopeProblems(definition),
    ...repeated(['auth'], definition.auth, ({ id }) => id, 'id'),
    ...wordProblems(definition),
    ...definition.auth.flatMap((method, index) => methodProblems(definition, method, index)),
  ]
}

/** A connect session names methods by their kinds, too: no method of another kind has such a word for its id. */
function wordProblems({ auth }: ProviderDefinition): Problem[] {
  return auth.flatMap(({ id, kind }, index) =>
    (id === 'oauth' && kind !== 'oauth2') || (id === 'key' && kind !== 'key')
      ? [{ path: ['auth', index, 'id'], message: 'is the word for another kind' }]
      : [],
  )
}

function scopeProblems({ scopes, scopeGroups, scopePresets }: ProviderDefinition): Problem[] {
  const names = new Set(scopes.map(({ name }) => name))
  const groups = new Set(scopeGroups.map(({ name }) => name))
  return [
    ...repeated(['scopes'], scopes, ({ name }) => name, 'name'),
    ...repeated(['scopeGroups'], scopeGroups, ({ name }) => name, 'name'),
    ...repeated(['scopePresets'], scopePresets, ({ name }) => name, 'name'),
    ...scopes.flatMap(({ name, group, implies }, index) => [
      ...unknownScopes(names, ['scopes', index, 'implies'], implies),
      ...(implies.includes(name)
        ? [{ path: ['scopes', index, 'implies'], message: 'names the scope itself' }]
        : []),
      ...(groups.has(group)
        ? []
        : [{ path: ['scopes', index, 'group'], message: `there is no group ${group}` }]),
    ]),
    ...scopePresets.flatMap(({ scopes: chosen }, index) =>
      unknownScopes(names, ['scopePresets', index, 'scopes'], chosen),
    ),
  ]
}
