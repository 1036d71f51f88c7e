import type { Method, ProviderDefinition } from '@keywell/protocol'
import { addressOf } from './address.ts'
import { revocationOf } from './methods.ts'
import { namesIn, type Variables } from './template.ts'

/** What a secret of a connection is for: the OAuth endpoints, or the API. */
export type Side = 'client' | 'api'

/**
 * The origins that a secret may be sent to, each with the side that it is on, such as `api https://api.example`. It is
 * made of the addresses of a definition and of nothing else, and is sealed with each secret: a definition that is
 * changed later does not move a secret that is stored.
 */
export type Reach = readonly string[]

/** The addresses, as templates, that the service calls with a secret of the provider. */
export function calledAddresses({ auth }: Pick<ProviderDefinition, 'auth'>): readonly string[] {
  return auth.flatMap(addressesOf)
}

/** The same for one method. */
export function addressesOf(method: Method): string[] {
  return [...clientOf(method), ...apiOf(method)]
}

/**
 * The reach of a credential, of the variables of its connection and its integration. Where a variable is not known, as
 * with an app that serves many hosts, its template stands for all that it can become.
 */
export function reachOf(
  { api, auth }: Pick<ProviderDefinition, 'api' | 'auth'>,
  method: Method,
  variables: Variables,
): Reach {
  const consent = consentBeside({ auth }, method)
  const on = (side: Side, templates: readonly string[]) =>
    templates.map((template) => `${side} ${originOf(template, variables)}`)
  const all = [
    ...on('client', [...clientOf(method), ...consent.flatMap(clientOf)]),
    ...on('api', [api.base, ...(api.also ?? []), ...apiOf(method)]),
  ]
  return [...new Set(all)].sort()
}

/** A reach with open variables, for one host. */
export function reachAt(reach: Reach, variables: Variables): Reach {
  return reach.map((each) => {
    const [side = '', template = ''] = each.split(' ')
    return `${side} ${originOf(template, variables)}`
  })
}

/** What is in each of them: for a request with several secrets. */
export function commonReach(reaches: readonly [Reach, ...Reach[]]): Reach {
  return reaches.reduce((all, each) => all.filter((origin) => each.includes(origin)))
}

/** Whether an address is within a reach, on that side. */
export function isWithin(reach: Reach, side: Side, { origin }: URL): boolean {
  return reach.includes(`${side} ${origin}`)
}

function originOf(template: string, variables: Variables): string {
  const [origin = template] = /^(https?:\/\/)?[^/?#]*/.exec(template) ?? []
  const isWhole = namesIn(origin).every((name) =>
    Object.hasOwn(variables, name.split('.')[0] ?? ''),
  )
  return isWhole ? addressOf(origin, variables).origin : origin
}

/** Where the client's secret, a code, a device code, a refresh token and what tokens are minted from go, and a token that is withdrawn. */
function clientOf(method: Method): string[] {
  const revocation = revocationOf(method)
  return [
    ...('token' in method ? [method.token.url] : []),
    ...('device' in method && method.device ? [method.device.url] : []),
    ...(method.kind === 'installation' ? [method.removal.request.url] : []),
    ...(revocation?.style === 'rfc7009' ? [revocation.url] : []),
    ...(revocation?.style === 'request' ? [revocation.request.url] : []),
  ]
}

/** Where an access token or a key goes; of an installation, the user's token before it as well. */
function apiOf(method: Method): string[] {
  const { identity, health } = method
  const requests = [
    identity?.request,
    identity?.fallback?.request,
    health.request,
    ...(method.kind === 'installation' ? [method.install.list.request] : []),
  ]
  return requests.flatMap((request) => request?.url ?? [])
}

/** With the client of an installation's app its administrator's code is exchanged too. */
function consentBeside({ auth }: Pick<ProviderDefinition, 'auth'>, method: Method): Method[] {
  return method.kind === 'installation'
    ? auth.filter(({ id }) => id === method.install.consent)
    : []
}
