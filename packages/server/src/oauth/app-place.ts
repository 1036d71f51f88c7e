/** Where an OAuth app is registered, and which hosts it serves. */
import {
  type AppMethod,
  KeywellError,
  type Method,
  type ProviderDefinition,
} from '@keywell/protocol'
import {
  addressOf,
  appMethods,
  consentOf,
  defaultOf,
  isHostOf,
  placeVariableOf,
  type Reach,
  reachOf,
  takeVariable,
  type Variables,
  variablesAt,
} from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import { parsePlace } from '../host.ts'
import type { IntegrationRow } from '../store/integrations.ts'

/** The host of an integration. One app that serves all hosts has their template, in which the variable stays open. */
export function appHostOf(provider: ProviderDefinition, host: string | undefined): string {
  const isOpen =
    provider.registration.each === 'provider' && placeVariableOf(provider) !== undefined
  if (!isOpen) return parsePlace(provider, host)
  if (host === undefined) return provider.api.base
  throw new KeywellError(
    'invalid_request',
    `One app of ${provider.title} serves every host, so that an integration names none.`,
    { nextStep: 'Leave host out.' },
  )
}

/**
 * The request that makes a draft of an integration, as a next step for people.
 *
 * @param method undefined: any will do
 */
export function draftRequest(
  provider: ProviderDefinition,
  method: Method | undefined,
  host: string,
): string {
  const { name, registration } = provider
  const id = method?.id ?? ''
  const [first] = appMethods(provider)
  const how = id === '' || id === first?.id ? '' : `,"method":"${id}"`
  const where = registration.each === 'host' ? `,"host":"${host}"` : ''
  return `POST /v1/integrations {"provider":"${name}"${how}${where}, …}`
}

/** Whether an integration's app can be used for a host. */
export function serves(provider: ProviderDefinition, appHost: string, host: string): boolean {
  if (placeVariableOf(provider) === undefined) return true
  return appHost === host || (appHost === provider.api.base && isHostOf(provider, host))
}

/**
 * The variables that an operator gives with an app: all that are in no host, and that its method names.
 *
 * @throws KeywellError `invalid_request` that names the variable
 */
export function appVariablesOf(
  provider: ProviderDefinition,
  method: AppMethod,
  given: Variables,
): Variables {
  const place = placeVariableOf(provider)
  const texts = JSON.stringify([provider.api, method, consentOf(provider, method)])
  const own = Object.entries(provider.variables).filter(
    ([name, { kind }]) =>
      name !== place && kind !== 'derived' && kind !== 'host' && texts.includes(`{${name}}`),
  )
  const unknown = Object.keys(given).find((name) => !own.some(([known]) => known === name))
  if (unknown !== undefined) {
    throw new KeywellError(
      'invalid_request',
      `An integration of ${provider.title} has no variable ${unknown}.`,
      {
        nextStep:
          own.length === 0 ? 'It has none.' : `It has ${own.map(([name]) => name).join(', ')}.`,
      },
    )
  }
  return Object.fromEntries(
    own.map(([name, variable]) => {
      const text = given[name] ?? defaultOf(variable)
      const value = text === undefined ? undefined : takeVariable(variable, text)
      if (value !== undefined) return [name, value]
      throw new KeywellError(
        'invalid_request',
        text === undefined
          ? `An integration of ${provider.title} needs the variable ${name}.`
          : `The variable ${name} of ${provider.title} is not valid.`,
        { nextStep: `It is: ${'title' in variable ? variable.title : name}.` },
      )
    }),
  )
}

/** The variables that make the addresses of a provider whole, for one host. */
export function variablesFor(
  { catalogue }: { catalogue: Catalogue },
  row: Pick<IntegrationRow, 'tenantId' | 'provider' | 'variables'>,
  host: string,
): Variables {
  return { ...row.variables, ...variablesAt(catalogue.get(row.tenantId, row.provider), host) }
}

/** What the secret of an app may reach; where the app serves every host, with the variable of hosts left open. */
export function appReachOf(
  provider: ProviderDefinition,
  method: AppMethod,
  { host, variables }: Pick<IntegrationRow, 'host' | 'variables'>,
): Reach {
  const place = isHostOf(provider, host) ? variablesAt(provider, host) : {}
  return reachOf(provider, method, { ...variables, ...place })
}

/** Where at the provider an app is registered for a method, and how. A method that is gone has none of its own. */
export function registrationGuide(
  provider: ProviderDefinition,
  method: Method | undefined,
  host: string,
): { page: string; steps: string[] } {
  const own = method && 'registration' in method ? method.registration : undefined
  const { url, steps } = own ?? provider.registration
  const variables = isHostOf(provider, host) ? variablesAt(provider, host) : {}
  return { page: addressOf(url, variables).href, steps: [...steps] }
}
