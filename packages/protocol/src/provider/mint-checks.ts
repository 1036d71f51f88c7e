import { type Path, type Problem, unknownScopes } from './problem.ts'
import { placeholdersOf } from './template-address.ts'
import type {
  ClientCredentialsMethod,
  JwtBearerMethod,
  KeyExchangeMethod,
  MintedMethod,
} from './types.ts'

/** Whether what a method sends for an access token can be made of what is typed. */
export function mintProblems(
  method: MintedMethod,
  scopes: ReadonlySet<string>,
  path: Path,
): Problem[] {
  const { answer } = method.token
  return [
    ...unknownScopes(scopes, [...path, 'defaultScopes'], method.defaultScopes),
    ...([answer.expiresIn, answer.expiresAt, answer.expiresAtFromJwt].filter(Boolean).length > 1
      ? [{ path: [...path, 'token', 'answer'], message: 'says in two ways when it ends' }]
      : []),
    ...problemsOfKind(method, [...path, 'token']),
  ]
}

function problemsOfKind(method: MintedMethod, path: Path): Problem[] {
  switch (method.kind) {
    case 'key_exchange':
      return exchangeProblems(method, path)
    case 'client_credentials':
      return clientProblems(method, path)
    case 'jwt_bearer':
      return [...partProblems(method, path.slice(0, -1)), ...assertionProblems(method, path)]
    default:
      method satisfies never
      return []
  }
}

function exchangeProblems(method: KeyExchangeMethod, path: Path): Problem[] {
  const { body } = method.token
  const [kind, values] = 'json' in body ? (['json', body.json] as const) : ['form', body.form]
  const secrets = method.fields.flatMap(({ name, secret }) => (secret ? [name] : []))
  const sent = Object.values(values).flatMap(namesIn)
  return [
    ...valueProblems(values, namesOf(method), [...path, 'body', kind]),
    ...(secrets.some((name) => sent.includes(name))
      ? []
      : [{ path: [...path, 'body'], message: 'sends no secret' }]),
  ]
}

function clientProblems(method: ClientCredentialsMethod, path: Path): Problem[] {
  const { clientId, clientSecret, parameters } = method.token
  const isTyped = (name: string) =>
    method.fields.some((field) => field.name === name && field.optional !== true)
  const isSecret = method.fields.some(({ name, secret }) => name === clientSecret && secret)
  return [
    ...(isTyped(clientId) ? [] : [{ path: [...path, 'clientId'], message: noSuchField }]),
    ...(isTyped(clientSecret) && isSecret
      ? []
      : [{ path: [...path, 'clientSecret'], message: noSuchSecret }]),
    ...valueProblems(parameters, namesOf(method), [...path, 'parameters']),
    ...takenProblems(
      parameters,
      ['grant_type', 'client_id', 'client_secret'],
      [...path, 'parameters'],
    ),
  ]
}

const noSuchField = 'must name a field that has to be typed'
const noSuchSecret = 'must name a secret that has to be typed'

/** A part stands beside the fields, under a name of its own. */
function partProblems({ fields, parts = {} }: JwtBearerMethod, path: Path): Problem[] {
  return Object.entries(parts).flatMap(([name, { field: of }]) => {
    const place = [...path, 'parts', name]
    const isTyped = fields.some((field) => field.name === of && field.optional !== true)
    return [
      ...(isTyped ? [] : [{ path: [...place, 'field'], message: noSuchField }]),
      ...(fields.some((field) => field.name === name)
        ? [{ path: place, message: 'has the name of a field' }]
        : []),
    ]
  })
}

function assertionProblems(method: JwtBearerMethod, path: Path): Problem[] {
  const { assertion, parameters } = method.token
  const { privateKey, keyId, issuer, subject, audience, claims } = assertion
  const place = [...path, 'assertion']
  const isKey =
    method.parts?.[privateKey] !== undefined ||
    method.fields.some(
      ({ name, secret, optional }) => name === privateKey && secret && optional !== true,
    )
  // The key signs, and is never sent. What it stands in with other parts is as secret as it is.
  const kept = [privateKey, method.parts?.[privateKey]?.field]
  const known = namesOf(method).filter((name) => !kept.includes(name))
  const single = Object.fromEntries(
    Object.entries({ keyId, issuer, subject, audience }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
  return [
    ...(isKey ? [] : [{ path: [...place, 'privateKey'], message: noSuchSecret }]),
    ...valueProblems(single, known, place),
    ...valueProblems(claims, known, [...place, 'claims']),
    ...takenProblems(
      claims,
      ['iss', 'sub', 'aud', 'iat', 'exp', 'nbf', 'jti'],
      [...place, 'claims'],
    ),
    ...valueProblems(parameters, known, [...path, 'parameters']),
    ...takenProblems(parameters, ['grant_type', 'assertion'], [...path, 'parameters']),
  ]
}

/** What a value may stand for. */
function namesOf(method: MintedMethod): string[] {
  const parts = method.kind === 'jwt_bearer' ? Object.keys(method.parts ?? {}) : []
  return [...method.fields.map(({ name }) => name), ...parts, 'scopes']
}

const namesIn = (value: string) => placeholdersOf(value).map(({ name }) => name)

function valueProblems(
  values: Readonly<Record<string, string>>,
  known: readonly string[],
  path: Path,
): Problem[] {
  return Object.entries(values).flatMap(([name, value]) =>
    namesIn(value)
      .filter((each) => !known.includes(each))
      .map((each) => ({ path: [...path, name], message: `has no value for ${each}` })),
  )
}

function takenProblems(
  values: Readonly<Record<string, string>>,
  taken: readonly string[],
  path: Path,
): Problem[] {
  return Object.keys(values)
    .filter((name) => taken.includes(name))
    .map((name) => ({ path: [...path, name], message: 'is set by the service itself' }))
}
