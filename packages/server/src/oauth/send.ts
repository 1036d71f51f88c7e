import { type Method, type ProviderDefinition, Secret } from '@keywell/protocol'
import {
  addressOf,
  isHostOf,
  isMinted,
  isSegment,
  isTyped,
  type Variables,
  variablesAt,
} from '@keywell/providers'
import type { TokenSet } from './token-set.ts'

/** The values of a credential, by the names that its method has for them. */
export type CredentialValues = Readonly<Record<string, Secret>>

/** A header of a request; its value is a secret. */
export interface SecretHeader {
  name: string
  value: string
}

/** What a method's `send` puts in: the fields of a key, else the access token as `token`. */
export function valuesOf(
  method: Method,
  { accessToken, fields }: Pick<TokenSet, 'accessToken' | 'fields'>,
): CredentialValues {
  if (method.kind !== 'key') return { token: accessToken }
  const [first] = method.fields
  return fields ?? { [first?.name ?? '']: accessToken }
}

/** A credential, and the place that it is sent to. */
export interface SentCredential {
  provider: ProviderDefinition
  host: string
  method: Method
  tokens: Pick<TokenSet, 'accessToken' | 'fields'>
}

/** The values of a credential, and beside them what is no secret: the variables of its host, and fields. */
export function sentValuesOf(sent: SentCredential): CredentialValues {
  return { ...secretsOf(openValuesOf(sent)), ...valuesOf(sent.method, sent.tokens) }
}

/** What is no secret of them, by which the address and the headers of a request are made whole. */
export function openValuesOf(sent: SentCredential): Variables {
  const { method, tokens } = sent
  const values = isMinted(method) ? (tokens.fields ?? {}) : valuesOf(method, tokens)
  const fields = isTyped(method) ? method.fields.filter(({ secret }) => !secret) : []
  const open = fields.flatMap(({ name }) => {
    const value = values[name]
    return value === undefined ? [] : [[name, value.expose()] as const]
  })
  return { ...variablesOf(sent), ...Object.fromEntries(open) }
}

/**
 * An address of a request of a definition, made whole.
 *
 * @throws TypeError for a field that would be more than one segment of it, which a definition of before has let through
 */
export function requestUrl(url: string, sent: SentCredential): URL {
  const variables = variablesOf(sent)
  const open = Object.entries(openValuesOf(sent)).filter(
    ([name, value]) => Object.hasOwn(variables, name) || isSegment(value),
  )
  return addressOf(url, Object.fromEntries(open))
}

/** The headers of a request of a definition. One whose value is absent is left out. */
export function requestHeaders(
  headers: Readonly<Record<string, string>>,
  sent: SentCredential,
): Record<string, string> {
  const open = secretsOf(openValuesOf(sent))
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, template]) => {
      const value = fill(template, open)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** None for a host from before the provider's definition was edited. */
function variablesOf({ provider, host }: SentCredential): Variables {
  return isHostOf(provider, host) ? variablesAt(provider, host) : {}
}

function secretsOf(values: Variables): CredentialValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, new Secret(value)]),
  )
}

/** The headers that carry a credential. One whose value is absent, an optional field, is left out. */
export function headersOf(
  { send }: Pick<Method, 'send'>,
  values: CredentialValues,
): readonly SecretHeader[] {
  return send.flatMap((part) => {
    if (part.in === 'basic') {
      const username = fill(part.username, values) ?? ''
      return { name: 'Authorization', value: basicOf(username, fill(part.password, values) ?? '') }
    }
    const value = fill(part.value, values)
    return value === undefined ? [] : { name: part.name, value }
  })
}

/** RFC 7617, in UTF-8. */
export function basicOf(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** A template with its values as they are; undefined: one of them is absent. */
export function fill(template: string, values: CredentialValues): string | undefined {
  const names = [...template.matchAll(placeholder)].map(([, name = '']) => name)
  if (names.some((name) => !Object.hasOwn(values, name))) return undefined
  return template.replaceAll(placeholder, (_, name: string) => values[name]?.expose() ?? '')
}

const placeholder = /\{([^{}]*)\}/g
