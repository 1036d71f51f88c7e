import { installationName } from './installation-checks.ts'
import { openFieldsOf } from './open-names.ts'
import { type Path, type Problem, problemAt } from './problem.ts'
import { addressProblem, baseProblem, placeholdersOf } from './template-address.ts'
import type { Method, ProviderDefinition } from './types.ts'
import { placeOf } from './variable-checks.ts'

export function addressProblems(definition: ProviderDefinition): Problem[] {
  const { variables, api } = definition
  const all = new Set(Object.keys(variables))
  // Not known before there is a token, and a refusal must be withdrawn without it.
  const untold = new Set([...all].filter((name) => variables[name]?.kind !== 'origin'))
  const place = placeOf(definition)
  const inBase = placeholdersOf(api.base)
  const base =
    inBase.length > 1 || inBase.some(({ part }) => part !== undefined)
      ? 'may have one variable, which is the host of a connection'
      : baseProblem(api.base, { variables, known: all })
  return [
    ...problemAt(['api', 'base'], base),
    ...templatesOf(definition).flatMap(({ path, template, of, more }) => {
      const known = new Set([...(of === 'app' ? untold : place), ...(more ?? [])])
      return problemAt(path, addressProblem(template, { variables, known }))
    }),
  ]
}

/** Each template of a definition, where it stands, and whether the variables of the app are known there. */
function templatesOf(definition: ProviderDefinition): {
  path: Path
  template: string
  of: 'connection' | 'app'
  /** Names that are no variables, each a segment. */
  more?: readonly string[]
}[] {
  const { api, instance, registration, auth } = definition
  return [
    ...(api.also ?? []).map((template, index) => ({
      path: ['api', 'also', index],
      template,
      of: 'app' as const,
    })),
    ...(instance
      ? [{ path: ['instance', 'url'], template: instance.url, of: 'connection' as const }]
      : []),
    { path: ['registration', 'url'], template: registration.url, of: 'connection' },
    ...auth.flatMap((method, index) => methodTemplates(method, ['auth', index])),
  ]
}

function methodTemplates(method: Method, path: Path): ReturnType<typeof templatesOf> {
  const { identity, health, manualUrl } = method
  const revocation = 'revocation' in method ? method.revocation : undefined
  const isOfApp = method.kind === 'oauth2' || method.kind === 'installation'
  const of = isOfApp ? 'app' : 'connection'
  const own = openFieldsOf(method)
  return [
    ...(identity
      ? [at('identity', 'request', 'url')(identity.request.url, 'connection', own)]
      : []),
    ...(identity?.fallback
      ? [
          at(
            'identity',
            'fallback',
            'request',
            'url',
          )(identity.fallback.request.url, 'connection', own),
        ]
      : []),
    at('health', 'request', 'url')(health.request.url, 'connection', own),
    at('manualUrl')(manualUrl, 'connection'),
    ...(isOfApp && method.registration
      ? [at('registration', 'url')(method.registration.url, 'connection')]
      : []),
    ...(method.kind === 'oauth2'
      ? [
          ...(method.authorize.url === undefined
            ? []
            : [at('authorize', 'url')(method.authorize.url, 'app')]),
          ...(method.device ? [at('device', 'url')(method.device.url, 'app')] : []),
          at('authorize', 'issuer', 'value')(method.authorize.issuer.value, 'app'),
        ]
      : []),
    ...(method.kind === 'installation'
      ? [
          at('install', 'url')(method.install.url, 'app'),
          at('install', 'list', 'request', 'url')(method.install.list.request.url, 'app'),
          at('removal', 'request', 'url')(method.removal.request.url, 'app', [installationName]),
        ]
      : []),
    ...('token' in method
      ? [
          at('token', 'url')(
            method.token.url,
            of,
            method.kind === 'installation' ? [installationName] : [],
          ),
        ]
      : []),
    ...(revocation?.style === 'rfc7009' ? [at('revocation', 'url')(revocation.url, of)] : []),
    ...(revocation?.style === 'request'
      ? [
          at('revocation', 'request', 'url')(
            revocation.request.url,
            of,
            isOfApp ? ['client_id'] : own,
          ),
        ]
      : []),
  ]

  function at(...steps: string[]) {
    return (template: string, whose: 'connection' | 'app', more: readonly string[] = []) => ({
      path: [...path, ...steps],
      template,
      of: whose,
      more,
    })
  }
}
