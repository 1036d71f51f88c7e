import {
  type MintedMethod,
  type ProviderDefinition,
  Secret,
  type TypedMethod,
} from '@keywell/protocol'
import { readFirst } from '@keywell/providers'
import type { CredentialValues } from './send.ts'

/** What was typed cannot be made into a request. */
export class UnusableField extends Error {
  /** The field that is wrong. Nothing of what is in it is in the error. */
  readonly field: string

  constructor(field: string) {
    super(`the field ${field} cannot be used`)
    this.field = field
  }
}

/**
 * What the templates of a method stand for: the fields, their parts, and the scopes that are asked for.
 *
 * @throws UnusableField for one without a part that it must have
 */
export function mintValues(
  { scopes }: Pick<ProviderDefinition, 'scopes'>,
  method: MintedMethod,
  fields: CredentialValues,
): CredentialValues {
  const wanted = method.defaultScopes.map(
    (name) => scopes.find((scope) => scope.name === name)?.wire ?? name,
  )
  return {
    ...fields,
    ...partsOf(method, fields),
    ...(wanted.length > 0 && { scopes: new Secret(wanted.join(' ')) }),
  }
}

/** The parts of fields that hold JSON. */
function partsOf(method: MintedMethod, fields: CredentialValues): CredentialValues {
  const parts = method.kind === 'jwt_bearer' ? (method.parts ?? {}) : {}
  return Object.fromEntries(
    Object.entries(parts).map(([name, { field, at }]) => {
      const value = readFirst(parse(fields[field]), [at])
      if (typeof value !== 'string' || value === '') throw new UnusableField(field)
      return [name, new Secret(value)]
    }),
  )
}

/** Those that are no secret, such as the address of a service account: all but the private key. */
export function openPartsOf(
  method: TypedMethod,
  fields: CredentialValues,
): Readonly<Record<string, string>> {
  if (method.kind !== 'jwt_bearer') return {}
  const { privateKey } = method.token.assertion
  return Object.fromEntries(
    Object.entries(partsOf(method, fields)).flatMap(([name, value]) =>
      name === privateKey ? [] : [[name, value.expose()]],
    ),
  )
}

function parse(text: Secret | undefined): unknown {
  try {
    return JSON.parse(text?.expose() ?? '')
  } catch {
    return undefined
  }
}
