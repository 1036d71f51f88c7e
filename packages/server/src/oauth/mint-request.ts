import type { ClientCredentialsMethod, JwtBearerMethod, MintedMethod } from '@keywell/protocol'
import { filledAll, signAssertion } from './assertion.ts'
import { basicOf, type CredentialValues } from './send.ts'

/** A request for an access token, but for its address. */
export interface MintRequest {
  method: 'POST' | 'PUT'
  headers: Record<string, string>
  body: string
}

/**
 * What a method sends for an access token.
 *
 * @param values as `mintValues` gives them
 * @param address where it goes
 * @throws UnusableField for a private key that cannot sign it
 */
export async function mintRequest(
  method: MintedMethod,
  values: CredentialValues,
  address: URL,
): Promise<MintRequest> {
  switch (method.kind) {
    case 'key_exchange': {
      const { body, ...request } = method.token
      return 'json' in body
        ? { ...jsonOf(filledAll(body.json, values), request.headers), method: request.method }
        : { ...formOf(filledAll(body.form, values), request.headers), method: request.method }
    }
    case 'client_credentials':
      return withClient(method, values)
    case 'jwt_bearer':
      return withAssertion(method, values, address)
    default:
      method satisfies never
      throw new TypeError('unreachable')
  }
}

type Headers = Readonly<Record<string, string>>

/** RFC 6749 section 4.4.2. The pair in HTTP Basic is as it is; see `authentication` in `client.ts`. */
function withClient({ token }: ClientCredentialsMethod, values: CredentialValues): MintRequest {
  const [id = '', secret = ''] = [token.clientId, token.clientSecret].map((name) =>
    values[name]?.expose(),
  )
  const isBasic = token.client === 'client_secret_basic'
  const form = {
    ...filledAll(token.parameters, values),
    grant_type: token.grantType ?? 'client_credentials',
    ...(!isBasic && { client_id: id, client_secret: secret }),
  }
  return formOf(form, {
    ...token.headers,
    ...(isBasic && { authorization: basicOf(id, secret) }),
  })
}

/** RFC 7523 section 2.1. */
async function withAssertion(
  method: JwtBearerMethod,
  values: CredentialValues,
  address: URL,
): Promise<MintRequest> {
  const { token } = method
  const form = {
    ...filledAll(token.parameters, values),
    grant_type: token.grantType ?? 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: await signAssertion(method, values, address.href),
  }
  return formOf(form, token.headers)
}

function formOf(form: Record<string, string>, headers: Headers): MintRequest {
  return {
    method: 'POST',
    headers: typed('application/x-www-form-urlencoded', headers),
    body: new URLSearchParams(form).toString(),
  }
}

function jsonOf(values: Record<string, string>, headers: Headers): MintRequest {
  return {
    method: 'POST',
    headers: typed('application/json', headers),
    body: JSON.stringify(values),
  }
}

/** The names of headers are small, so that one of the definition takes the place of the usual one. */
function typed(contentType: string, headers: Headers): Record<string, string> {
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return { accept: 'application/json', 'content-type': contentType, ...Object.fromEntries(own) }
}
