import type { Method, Secret } from '@keywell/protocol'
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
