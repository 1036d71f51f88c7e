import type { ProviderDefinition } from '@keywell/protocol'
import { placeVariableOf } from './address.ts'
import { calledAddresses } from './reach.ts'
import { valueIn } from './template.ts'
import { takeVariable } from './variables.ts'

/**
 * The value of a host's variable in an address that a person has pasted, such as the `acme` of
 * `https://acme.example.com/settings`. It is looked for where any address of the definition has it, and is taken only as
 * the variable is.
 */
export function pastedVariable(provider: ProviderDefinition, url: URL): string | undefined {
  const name = placeVariableOf(provider)
  const variable = name === undefined ? undefined : provider.variables[name]
  if (name === undefined || (variable?.kind !== 'label' && variable?.kind !== 'segment')) {
    return undefined
  }
  return addressesOf(provider)
    .map((template) => textAt(template, name, url))
    .map((text) => (text === undefined ? undefined : takeVariable(variable, text)))
    .find((value) => value !== undefined)
}

/** Those with more around the variable first: `{shop}-cdn.acme.example` before `{shop}.acme.example`. */
function addressesOf(provider: ProviderDefinition): string[] {
  const { api, auth, registration } = provider
  const pages = [registration.url, ...auth.map(({ manualUrl }) => manualUrl)]
  const all = [api.base, ...(api.also ?? []), ...calledAddresses(provider), ...pages]
  return [...new Set(all)].sort((one, other) => hostIn(other).length - hostIn(one).length)
}

function hostIn(template: string): string {
  const [, host = ''] = /^https?:\/\/([^/?]*)/.exec(template) ?? []
  return host
}

/** What stands in an address where a template has its variable; undefined where the rest differs. */
function textAt(template: string, name: string, url: URL): string | undefined {
  const host = hostIn(template)
  if (host.includes(`{${name}}`)) return valueIn(host, url.host)
  const [path = ''] = template.slice(template.indexOf(host) + host.length).split('?')
  const segments = path.split('/')
  const place = segments.indexOf(`{${name}}`)
  const given = url.pathname.split('/')
  const isThere =
    host === url.host && segments.slice(0, place).every((each, at) => each === given[at])
  return place > 0 && isThere ? given[place] : undefined
}
