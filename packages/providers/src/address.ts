import type { ProviderDefinition } from '@keywell/protocol'
import { fill, namesIn, type Variables, valueIn } from './template.ts'
import { defaultOf, sourceOf, takeVariable, withDerived } from './variables.ts'

type Places = Pick<ProviderDefinition, 'api' | 'variables'>

/**
 * An address of a definition, made whole. Its variables were checked when they were taken; here it is made sure that
 * none of them moved the address elsewhere.
 *
 * @throws TypeError for a variable that is missing, and an address that is read as another than was written
 */
export function addressOf(template: string, variables: Variables): URL {
  const text = fill(template, variables)
  const url = new URL(text)
  const isAsWritten = url.href === text || url.href === `${text}/`
  if (!isAsWritten || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw new TypeError(`${template}: a variable moves the address`)
  }
  return url
}

/** The variable in the base URL of the API, by which one host differs from another; undefined: there is but one. */
export function placeVariableOf({ api, variables }: Places): string | undefined {
  const [name] = namesIn(api.base)
  const variable = name === undefined ? undefined : variables[name]
  return variable?.kind === 'derived' ? variable.from : name
}

/** Whether the provider tells where an account lives, so that the host is known only with its tokens. */
export function isPlaceTold(provider: Places): boolean {
  const name = placeVariableOf(provider)
  return name !== undefined && provider.variables[name]?.kind === 'origin'
}

/** The host of an account that lives at this origin; undefined where its definition allows no such origin. */
export function toldHost(provider: Places, origin: string): string | undefined {
  const name = placeVariableOf(provider)
  const variable = name === undefined ? undefined : provider.variables[name]
  const taken = variable && takeVariable(variable, origin)
  return name === undefined || taken === undefined ? undefined : hostOf(provider, { [name]: taken })
}

/** The host of a connection: the base URL of its API, made whole. */
export function hostOf({ api, variables }: Places, given: Variables): string {
  return addressOf(api.base, withDerived(variables, given)).href.replace(/\/$/, '')
}

/**
 * The variables that a host stands for, the inverse of {@link hostOf}: a connection is at a host, and keeps nothing
 * else that could differ from it.
 *
 * @param host as {@link hostOf} gives it; of a provider with instances, any base URL. The base URL with its variable
 *   left open stands for none
 * @throws TypeError for a host that is not the provider's, where it has several
 */
export function variablesAt(provider: Places, host: string): Variables {
  // Where there is but one, a connection from before its definition was edited may have another path in it.
  if (placeVariableOf(provider) === undefined) return {}
  // That of an app, or of a flow whose account has not been told yet.
  if (host === provider.api.base) return {}
  const given = givenAt(provider, host)
  if (given === undefined) throw new TypeError(`${host} is not below ${provider.api.base}`)
  return withDerived(provider.variables, given)
}

/** Whether a host is one of the provider's. */
export function isHostOf(provider: Places, host: string): boolean {
  return givenAt(provider, host) !== undefined
}

function givenAt({ api, variables }: Places, host: string): Variables | undefined {
  const [name] = namesIn(api.base)
  if (name === undefined) return host === api.base ? {} : undefined
  const variable = variables[name]
  const value = valueIn(api.base, host)
  if (variable === undefined || value === undefined) return undefined
  if (variable.kind === 'host') return { [name]: value }
  if (variable.kind === 'derived') {
    const from = sourceOf(variable, value)
    return from === undefined ? undefined : { [variable.from]: from }
  }
  const taken = takeVariable(variable, value)
  // The one spelling: a host that is written otherwise would be another connection.
  return taken !== undefined && fill(api.base, { [name]: taken }) === host
    ? { [name]: taken }
    : undefined
}

/** The host that is meant when none is given; undefined where one has to be given. */
export function defaultHostOf(provider: Places): string | undefined {
  const name = placeVariableOf(provider)
  if (name === undefined) return provider.api.base
  const variable = provider.variables[name]
  const value = variable && defaultOf(variable)
  return value === undefined ? undefined : hostOf(provider, { [name]: value })
}
