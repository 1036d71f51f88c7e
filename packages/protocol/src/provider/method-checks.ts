import { installationProblems } from './installation-checks.ts'
import { mintProblems } from './mint-checks.ts'
import { namesInText, openFieldsOf } from './open-names.ts'
import { type Path, type Problem, unknownScopes } from './problem.ts'
import { namesSent } from './send.ts'
import { placeholdersOf } from './template-address.ts'
import type {
  Method,
  OAuth2Method,
  ProviderDefinition,
  RevocationDefinition,
  TypedMethod,
} from './types.ts'
import { valueProblems } from './value-checks.ts'
import { placeOf } from './variable-checks.ts'

export function methodProblems(
  definition: ProviderDefinition,
  method: Method,
  index: number,
): Problem[] {
  const path = ['auth', index]
  const { scopes } = definition
  const place = placeOf(definition)
  const names = new Set(scopes.map(({ name }) => name))
  const { identity, health } = method
  const active = health.active.map((each) => JSON.stringify(each))
  return [
    ...unknownScopes(names, [...path, 'identity', 'scopes'], identity?.scopes ?? []),
    ...(identity?.fallback && identity.scopes.length === 0
      ? [{ path: [...path, 'identity', 'fallback'], message: 'is never used: no scope is needed' }]
      : []),
    ...health.inactive.flatMap((each, at) =>
      active.includes(JSON.stringify(each))
        ? [{ path: [...path, 'health', 'inactive', at], message: 'says the same as active' }]
        : [],
    ),
    ...valueProblems(method, place, path),
    ...revocationProblems(method, place, [...path, 'revocation']),
    ...problemsOfKind(definition, method, path),
  ]
}

function problemsOfKind(definition: ProviderDefinition, method: Method, path: Path): Problem[] {
  const names = new Set(definition.scopes.map(({ name }) => name))
  switch (method.kind) {
    case 'oauth2':
      return [
        ...oauthProblems(method, names, path),
        ...callbackProblems(method, definition.variables, path),
      ]
    case 'installation':
      return installationProblems(definition, method, path)
    default:
      return typedProblems(method, names, placeOf(definition), path)
  }
}

function typedProblems(
  method: TypedMethod,
  scopes: ReadonlySet<string>,
  place: ReadonlySet<string>,
  path: Path,
): Problem[] {
  const sent = method.send.flatMap(namesSent)
  return [
    ...accountProblems(method, place, path),
    ...(method.kind === 'key' ? [] : mintProblems(method, scopes, path)),
    ...method.fields.flatMap(({ name, multiline }, index) => [
      ...(multiline === true && sent.includes(name)
        ? [{ path: [...path, 'fields', index, 'multiline'], message: 'stands in a header' }]
        : []),
      ...(method.kind !== 'key' && ['scopes', 'token'].includes(name)
        ? [{ path: [...path, 'fields', index, 'name'], message: 'stands for something else' }]
        : []),
    ]),
  ]
}

/** A key says whose it is in one of two ways, and nothing that is secret names an account. */
function accountProblems(method: TypedMethod, place: ReadonlySet<string>, path: Path): Problem[] {
  const { identity, typedAccount } = method
  if ((identity === undefined) === (typedAccount === undefined)) {
    return [{ path, message: 'must have either identity or typedAccount' }]
  }
  const known = ['$hash', ...place, ...openFieldsOf(method), ...openPartsOf(method)]
  const { id, name } = typedAccount ?? {}
  return [id, name].some((each) => each !== undefined && !known.includes(each)) || name === '$hash'
    ? [
        {
          path: [...path, 'typedAccount'],
          message: 'must name the variable of the host, or fields that are typed and no secrets',
        },
      ]
    : []
}

/** All parts but the private key: what is beside it in a file, such as an address, is no secret. */
function openPartsOf(method: TypedMethod): string[] {
  if (method.kind !== 'jwt_bearer') return []
  const { privateKey } = method.token.assertion
  return Object.keys(method.parts ?? {}).filter((name) => name !== privateKey)
}

/** Those of OAuth itself, which a definition does not choose. */
const ownParameters = [
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'redirect_uri',
  'response_type',
  'state',
]

function oauthProblems(method: OAuth2Method, names: ReadonlySet<string>, path: Path): Problem[] {
  const { authorize, defaultScopes, device } = method
  const { scopes, parameters, url } = authorize
  const given = Object.keys(parameters)
  const taken = [...ownParameters, ...(scopes ? [scopes.parameter] : [])]
  return [
    ...(url === undefined && device === undefined
      ? [{ path: [...path, 'authorize', 'url'], message: 'is needed where there is no device' }]
      : []),
    ...unknownScopes(names, [...path, 'defaultScopes'], defaultScopes),
    ...(scopes === null && defaultScopes.length > 0
      ? [{ path: [...path, 'defaultScopes'], message: 'are never sent: there is no parameter' }]
      : []),
    ...(scopes !== null && ownParameters.includes(scopes.parameter)
      ? [{ path: [...path, 'authorize', 'scopes', 'parameter'], message: 'is one of OAuth' }]
      : []),
    ...given
      .filter((name) => taken.includes(name))
      .map((name) => ({
        path: [...path, 'authorize', 'parameters', name],
        message: 'is set by the service itself',
      })),
  ]
}

/** Those of a callback that are read, or checked, in a way of their own. */
const callbackParameters = ['code', 'error', 'iss', 'state']

function callbackProblems(
  { authorize: { callback } }: OAuth2Method,
  variables: ProviderDefinition['variables'],
  path: Path,
): Problem[] {
  if (callback === undefined) return []
  const { signature, mustEqual = {} } = callback
  const at = [...path, 'authorize', 'callback']
  return [
    ...(callbackParameters.includes(signature.parameter)
      ? [{ path: [...at, 'signature', 'parameter'], message: 'is one of OAuth' }]
      : []),
    ...Object.entries(mustEqual).flatMap(([name, template]) => [
      ...([...callbackParameters, signature.parameter].includes(name)
        ? [{ path: [...at, 'mustEqual', name], message: 'is checked in another way' }]
        : []),
      ...placeholdersOf(template)
        .filter((placeholder) => !Object.hasOwn(variables, placeholder.name))
        .map((placeholder) => ({
          path: [...at, 'mustEqual', name],
          message: `there is no variable ${placeholder.name}`,
        })),
    ]),
  ]
}

function revocationProblems(method: Method, place: ReadonlySet<string>, path: Path): Problem[] {
  if (!('revocation' in method)) return []
  const { revocation } = method
  if (revocation === undefined || revocation.style === 'none') return []
  const cannotRefresh = method.kind === 'oauth2' && method.renewal.by === 'none'
  const send = 'send' in revocation ? revocation.send : undefined
  const problems =
    cannotRefresh && send === 'refresh_token'
      ? [{ path: [...path, 'send'], message: 'there is no refresh token' }]
      : []
  if (revocation.style === 'rfc7009') return problems
  const own = method.kind === 'key' ? method.fields.map(({ name }) => name) : ['token']
  const known = [...own, ...place, ...(method.kind === 'key' ? [] : ['client_id'])]
  const values = bodyOf(revocation)
  const inBody = values.flatMap(([, text]) => namesInText(text))
  return [
    ...problems,
    ...values.flatMap(([name, text]) =>
      namesInText(text)
        .filter((named) => !known.includes(named))
        .map((named) => ({
          path: [...path, 'body', kindOf(revocation), name],
          message: `has no value for ${named}`,
        })),
    ),
    ...(revocation.authenticate !== 'credential' && !own.some((name) => inBody.includes(name))
      ? [{ path, message: 'sends nothing that is withdrawn' }]
      : []),
  ]
}

type ByRequest = Extract<RevocationDefinition, { style: 'request' }>

const kindOf = ({ body }: ByRequest) => (body !== undefined && 'json' in body ? 'json' : 'form')

function bodyOf({ body }: ByRequest): [string, string][] {
  if (body === undefined) return []
  return Object.entries('json' in body ? body.json : body.form)
}
