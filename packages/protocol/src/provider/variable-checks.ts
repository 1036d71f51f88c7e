import { type Path, type Problem, problemAt, repeated } from './problem.ts'
import { baseProblem, optionProblem, placeholdersOf } from './template-address.ts'
import type { ProviderDefinition } from './types.ts'

const noNames = { variables: {}, known: new Set<string>() }

/** The variables that a connection has: the one in the base URL of the API, and what follows from it. */
export function placeOf({ api, variables }: ProviderDefinition): Set<string> {
  const [placeholder] = placeholdersOf(api.base)
  if (placeholder === undefined) return new Set()
  const variable = variables[placeholder.name]
  const place = variable?.kind === 'derived' ? variable.from : placeholder.name
  const derived = Object.entries(variables).filter(
    ([, each]) => each.kind === 'derived' && each.from === place,
  )
  return new Set([place, ...derived.map(([name]) => name)])
}

export function variableProblems(definition: ProviderDefinition): Problem[] {
  const place = placeOf(definition)
  return Object.entries(definition.variables).flatMap(([name, variable]) => {
    const path = ['variables', name]
    switch (variable.kind) {
      case 'host':
        return [
          ...(place.has(name) ? [] : [{ path, message: 'is never given: it is not in api.base' }]),
          ...problemAt(
            [...path, 'default'],
            variable.default && baseProblem(variable.default, noNames),
          ),
        ]
      case 'origin':
        return originProblems(definition, name)
      case 'choice':
        return [
          ...repeated([...path, 'options'], variable.options, ({ value }) => value, 'value'),
          ...variable.options.flatMap(({ value }, index) =>
            problemAt([...path, 'options', index, 'value'], optionProblem(value)),
          ),
        ]
      case 'derived':
        return derivedProblems(definition, path, variable)
      default:
        return []
    }
  })
}

/** It is told to one app that serves every account, and with each way to connect. */
function originProblems(definition: ProviderDefinition, name: string): Problem[] {
  const { registration, auth } = definition
  const path = ['variables', name]
  return [
    ...(placeOf(definition).has(name)
      ? []
      : [{ path, message: 'is of no use: it is not in api.base' }]),
    ...(registration.each === 'provider'
      ? []
      : [
          {
            path: ['registration', 'each'],
            message: `must be provider: ${name} is told to its app`,
          },
        ]),
    ...auth.flatMap((method, index) =>
      method.kind === 'oauth2' && method.token.answer.origin !== undefined
        ? []
        : [{ path: ['auth', index], message: `must tell ${name} in token.answer.origin` }],
    ),
  ]
}

function derivedProblems(
  { variables, api }: ProviderDefinition,
  path: Path,
  { from, lines }: Extract<ProviderDefinition['variables'][string], { kind: 'derived' }>,
): Problem[] {
  const source = Object.hasOwn(variables, from) ? variables[from] : undefined
  const last = lines.at(-1)
  const [inBase] = placeholdersOf(api.base)
  const place = inBase && variables[inBase.name]
  const isGiven = inBase?.name === from || (place?.kind === 'derived' && place.from === from)
  return [
    ...(source?.kind === 'host' && isGiven
      ? []
      : [{ path: [...path, 'from'], message: 'must be the variable of hosts of api.base' }]),
    ...(last?.equals === undefined && last?.endsWith === undefined
      ? []
      : [{ path: [...path, 'lines'], message: 'must end with a line for every other value' }]),
    ...lines.flatMap(({ value }, index) =>
      problemAt(
        [...path, 'lines', index, 'value'],
        baseProblem(value, { variables, known: new Set([from]) }),
      ),
    ),
  ]
}
