import type { Method, ProviderDefinition } from '@keywell/protocol'
import { revocationOf } from './methods.ts'

/** The values that make a definition's addresses whole, by the names of its variables. */
export type Variables = Readonly<Record<string, string>>

/**
 * An address of a definition, made whole. Its variables were checked when they were taken; here it is made sure that
 * none of them moved the address elsewhere.
 *
 * @throws TypeError for a variable that is missing, and an address that is read as another than was written
 */
export function addressOf(template: string, variables: Variables): URL {
  const text = template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined
    if (value === undefined) throw new TypeError(`${template}: there is no ${name}`)
    return value
  })
  const url = new URL(text)
  const isAsWritten = url.href === text || url.href === `${text}/`
  if (!isAsWritten || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new TypeError(`${template}: a variable moves the address`)
  }
  return url
}

/** The variables of a connection, of which its host is one where the provider has many. */
export function variablesAt(
  { api, variables }: Pick<ProviderDefinition, 'api' | 'variables'>,
  host: string,
): Variables {
  const [, name] = /^\{([^{}]*)\}$/.exec(api.base) ?? []
  return name !== undefined && Object.hasOwn(variables, name) ? { [name]: host } : {}
}

/** The host that is meant when none is given. */
export function defaultHostOf({
  api,
  variables,
}: Pick<ProviderDefinition, 'api' | 'variables'>): string {
  const defaults = Object.entries(variables).map(([name, variable]) => [name, variable.default])
  return addressOf(api.base, Object.fromEntries(defaults)).href.replace(/\/$/, '')
}

/** The addresses, as templates, that the service calls with a secret of the provider. */
export function calledAddresses({ auth }: Pick<ProviderDefinition, 'auth'>): readonly string[] {
  return auth.flatMap((method) => [
    ...(method.kind === 'oauth2' ? [method.token.url] : []),
    ...revocationAddresses(method),
    method.identity.request.url,
    ...(method.identity.fallback ? [method.identity.fallback.request.url] : []),
    method.health.request.url,
  ])
}

function revocationAddresses(method: Method): readonly string[] {
  const revocation = revocationOf(method)
  if (revocation === undefined) return []
  return [revocation.style === 'rfc7009' ? revocation.url : revocation.request.url]
}
