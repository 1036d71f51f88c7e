import type {
  ClientCredentialsMethod,
  JwtBearerMethod,
  KeyExchangeMethod,
  MintedMethod,
} from '@keywell/protocol'
import * as oauth from 'oauth4webapi'
import { filledAll, signAssertion } from './assertion.ts'
import { authenticationBy } from './client.ts'
import { UnusableField } from './mint-values.ts'
import type { CredentialValues } from './send.ts'
import type { Process } from './token-answer.ts'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A request for an access token that can be made of what was typed. */
export interface MintRequest {
  /** @throws what `fetch` throws, and nothing else */
  send(fetch: Fetch): Promise<Response>
  /** Absent: the answer is not one of OAuth. */
  process?: Process
}

/**
 * What a method sends for an access token. Nothing is sent yet.
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
      const init = exchangeOf(method, values)
      return { send: (fetch) => fetch(address.href, init) }
    }
    case 'client_credentials':
      return grantRequest(address, method.token.headers, clientGrant(method, values))
    case 'jwt_bearer':
      return grantRequest(address, method.token.headers, await signedGrant(method, values, address))
    default:
      method satisfies never
      throw new TypeError('unreachable')
  }
}

type Headers = Readonly<Record<string, string>>

/** A grant of RFC 6749, sent by the OAuth library. */
interface Grant {
  type: string
  clientId: string
  authentication: oauth.ClientAuth
  parameters: Record<string, string>
}

function grantRequest(address: URL, headers: Headers, grant: Grant): MintRequest {
  const server = { issuer: address.origin, token_endpoint: address.href }
  const client = { client_id: grant.clientId }
  return {
    send: (fetch) =>
      oauth.genericTokenEndpointRequest(
        server,
        client,
        grant.authentication,
        grant.type,
        grant.parameters,
        // Which hosts may be plain http is decided by `outbound`, for every call alike.
        {
          [oauth.customFetch]: fetch,
          [oauth.allowInsecureRequests]: true,
          headers: { ...headers },
        },
      ),
    process: (response) => oauth.processGenericTokenEndpointResponse(server, client, response),
  }
}

/** RFC 6749 section 4.4.2. */
function clientGrant({ token }: ClientCredentialsMethod, values: CredentialValues): Grant {
  const [id, secret] = [token.clientId, token.clientSecret].map((name) => values[name])
  if (id === undefined) throw new UnusableField(token.clientId)
  if (secret === undefined) throw new UnusableField(token.clientSecret)
  return {
    type: token.grantType ?? 'client_credentials',
    clientId: id.expose(),
    authentication: authenticationBy(token.client, secret),
    parameters: filledAll(token.parameters, values),
  }
}

/** RFC 7523 section 2.1. The statement alone says who asks. */
async function signedGrant(
  method: JwtBearerMethod,
  values: CredentialValues,
  address: URL,
): Promise<Grant> {
  const { token } = method
  return {
    type: token.grantType ?? 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    clientId: 'not sent',
    authentication: () => undefined,
    parameters: {
      ...filledAll(token.parameters, values),
      assertion: await signAssertion(method, values, address.href),
    },
  }
}

function exchangeOf({ token }: KeyExchangeMethod, values: CredentialValues): RequestInit {
  const { method, body, headers } = token
  const [type, text] =
    'json' in body
      ? ['application/json', JSON.stringify(filledAll(body.json, values))]
      : [
          'application/x-www-form-urlencoded',
          new URLSearchParams(filledAll(body.form, values)).toString(),
        ]
  // The names of headers are small, so that one of the definition takes the place of the usual one.
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return {
    method,
    headers: { accept: 'application/json', 'content-type': type, ...Object.fromEntries(own) },
    body: text,
  }
}
