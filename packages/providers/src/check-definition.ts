import { type ProviderDefinition, providerDefinitionSchema } from '@keywell/protocol'
import { isTyped } from './methods.ts'
import { isPattern, matchesWhole } from './pattern.ts'

/** What is wrong with a definition, and where. */
export interface DefinitionProblem {
  /** RFC 6901; empty: the whole. */
  readonly pointer: string
  readonly reason: string
}

export type DefinitionCheck =
  | { readonly definition: ProviderDefinition }
  | { readonly problems: readonly DefinitionProblem[] }

/** A value as a definition, if the schema lets it through and its patterns are ones of RE2. */
export function checkDefinition(value: unknown): DefinitionCheck {
  const { success, data, error } = providerDefinitionSchema.safeParse(value)
  if (!success) return { problems: error.issues.flatMap(problemsOfIssue) }
  const problems = [...patternProblems(data), ...matchProblems(data, [])]
  return problems.length > 0 ? { problems } : { definition: data }
}

export type Issue = NonNullable<
  ReturnType<typeof providerDefinitionSchema.safeParse>['error']
>['issues'][number]

/** What a schema has found, with the place as a pointer. */
export function problemsOfIssue(issue: Issue): DefinitionProblem[] {
  // A field that does not exist is named by its own place, not by that of what it stands in.
  if (issue.code === 'unrecognized_keys') {
    const reason = 'there is no such field'
    return issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), reason }))
  }
  const reason = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
  return [{ pointer: pointerOf(issue.path), reason: reason ?? issue.message }]
}

/** The patterns of variables, of the fields of a key and of ids in callbacks, and the defaults that they are for. */
function patternProblems({ variables, auth }: ProviderDefinition): DefinitionProblem[] {
  return [
    ...Object.entries(variables).flatMap(([name, variable]) =>
      'pattern' in variable ? patternProblem(variable, ['variables', name]) : [],
    ),
    ...auth.flatMap((method, index) =>
      isTyped(method)
        ? method.fields.flatMap((field, at) => patternProblem(field, ['auth', index, 'fields', at]))
        : method.kind === 'installation'
          ? patternProblem(method.install.id, ['auth', index, 'install', 'id'])
          : [],
    ),
  ]
}

function patternProblem(
  { pattern, ...more }: { pattern?: string | undefined; default?: string | undefined },
  path: readonly (string | number)[],
): DefinitionProblem[] {
  if (pattern === undefined) return []
  if (!isPattern(pattern)) return [{ pointer: pointerOf([...path, 'pattern']), reason: noPattern }]
  return more.default === undefined || matchesWhole(more.default, pattern)
    ? []
    : [{ pointer: pointerOf([...path, 'default']), reason: 'does not match the pattern' }]
}

const noPattern = 'is not a pattern of RE2'

/** Texts that a provider is sent as they are; a `matches` in there is a parameter of that name. */
const sent = new Set(['parameters', 'headers', 'body', 'claims'])

/** The `matches` of every condition. */
function matchProblems(value: unknown, path: readonly (string | number)[]): DefinitionProblem[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (sent.has(key)) return []
    const place = [...path, key]
    return key === 'matches' && typeof inner === 'string' && !isPattern(inner)
      ? [{ pointer: pointerOf(place), reason: noPattern }]
      : matchProblems(inner, place)
  })
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
