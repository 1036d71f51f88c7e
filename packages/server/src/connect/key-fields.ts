import {
  apiKeyValueSchema,
  KeywellError,
  multilineValueSchema,
  type ProviderDefinition,
  Secret,
  type TypedMethod,
} from '@keywell/protocol'
import { addressesOf, isSegment, matchesWhole, namesIn } from '@keywell/providers'
import type { TokenSet } from '../oauth/token-set.ts'

type KeyField = TypedMethod['fields'][number]

/** What was typed, by the names of a method's fields. */
export type KeyFields = Readonly<Record<string, Secret>>

/** Fields that are taken, or why they are not; then nothing was sent anywhere. */
export type ReadFields =
  | { fields: KeyFields }
  | {
      refusal: KeywellError
      /** The field that is wrong; null: not one of them alone. */
      field: string | null
    }

/** Reads what was typed. Nothing of it stands in a refusal. */
export function readFields(
  { title }: Pick<ProviderDefinition, 'title'>,
  method: TypedMethod,
  typed: Readonly<Record<string, unknown>>,
): ReadFields {
  const { fields } = method
  const names = fields.map(({ name }) => name)
  if (Object.keys(typed).some((name) => !names.includes(name))) {
    const message = `A key of ${title} has no such field; its fields are ${names.join(', ')}.`
    return { refusal: new KeywellError('invalid_request', message), field: null }
  }
  const read: Record<string, Secret> = {}
  for (const field of fields) {
    const text = typed[field.name] ?? ''
    if (text === '' && field.optional === true) continue
    const problem = problemOf(field, text, { title, method })
    if (problem !== undefined || typeof text !== 'string') {
      const nextStep = field.help ?? `Paste the ${field.label} again, whole.`
      const message = `${field.label} ${problem}.`
      return {
        refusal: new KeywellError('invalid_request', message, { nextStep }),
        field: field.name,
      }
    }
    read[field.name] = new Secret(text)
  }
  return { fields: read }
}

function problemOf(
  field: KeyField,
  typed: unknown,
  { title, method }: { title: string; method: TypedMethod },
): string | undefined {
  const schema = field.multiline === true ? multilineValueSchema : apiKeyValueSchema
  const { data: text, error } = schema.safeParse(typed)
  if (error !== undefined) return error.issues[0]?.message ?? 'must be a text'
  const isOfItsForm =
    (field.pattern === undefined || matchesWhole(text, field.pattern)) &&
    (isSegment(text) || !isInAddress(method, field))
  if (!isOfItsForm) return `does not have the form that it has at ${title}`
  // RFC 7617: what follows would be read as the password.
  return isUsername(method, field) && text.includes(':') ? 'must have no colon' : undefined
}

function isInAddress(method: TypedMethod, { name }: KeyField): boolean {
  return addressesOf(method).some((template) => namesIn(template).includes(name))
}

/** Whether the field stands in the user name of HTTP Basic. */
function isUsername(method: TypedMethod, { name }: KeyField): boolean {
  if (method.kind === 'client_credentials' && method.token.client === 'client_secret_basic') {
    return method.token.clientId === name
  }
  return method.send.some((part) => part.in === 'basic' && part.username.includes(`{${name}}`))
}

/** One text in place of the single field of a method. */
export function singleField(
  { title }: Pick<ProviderDefinition, 'title'>,
  { fields }: Pick<TypedMethod, 'fields'>,
  text: string,
): Readonly<Record<string, string>> {
  const [first, ...others] = fields.filter(({ optional }) => optional !== true)
  if (first !== undefined && others.length === 0) return { [first.name]: text }
  const names = fields.map(({ name }) => name).join(', ')
  throw new KeywellError('invalid_request', `A key of ${title} has several fields: ${names}.`, {
    nextStep: 'Send credential.fields in place of credential.value.',
  })
}

/** What is sealed as the credential. Its main secret is the first field that is one. */
export function tokensOf(
  { fields: known }: Pick<TypedMethod, 'fields'>,
  fields: KeyFields,
): TokenSet {
  const [main] = known.flatMap(({ name, secret }) => (secret ? (fields[name] ?? []) : []))
  return { accessToken: main ?? new Secret(''), refreshToken: null, fields }
}

/** Fields as one text, to be sealed until the app has said who brought them. */
export function encodeFields(fields: KeyFields): string {
  const values = Object.entries(fields).map(([name, value]) => [name, value.expose()])
  return JSON.stringify(Object.fromEntries(values))
}

export function decodeFields(parked: Secret): Readonly<Record<string, unknown>> {
  return Object(JSON.parse(parked.expose()))
}
