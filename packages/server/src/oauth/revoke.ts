import {
  type Method,
  type ProviderDefinition,
  type RevocationDefinition,
  Secret,
} from '@keywell/protocol'
import {
  addressOf,
  commonReach,
  fulfils,
  isTenantsOwn,
  type ProviderAnswer,
  revocationOf,
} from '@keywell/providers'
import * as oauth from 'oauth4webapi'
import type { Outbound } from '../outbound/outbound.ts'
import { readAnswer } from './account.ts'
import {
  authentication,
  metadata,
  type Registration,
  requestOptions,
  type Sending,
} from './client.ts'
import {
  basicOf,
  type CredentialValues,
  fill,
  headersOf,
  requestHeaders,
  requestUrl,
  sentValuesOf,
} from './send.ts'
import type { KeptTokenSet } from './token-set.ts'

/** `client_rejected` is a matter of the integration; `refused` is final. */
export type RevokeOutcome = 'revoked' | 'refused' | 'client_rejected' | 'retry'

/** A credential that is withdrawn at its provider. */
export interface WithdrawnCredential {
  provider: ProviderDefinition
  host: string
  method: Method
  tokens: KeptTokenSet
  /** The client that it was given to; undefined: none, as with a key. */
  client: Registration | undefined
}

type ByRequest = Extract<RevocationDefinition, { style: 'request' }>

/**
 * Withdraws a credential at its provider, as its method says. Repeating is safe.
 *
 * @throws TypeError for a method whose credentials only a person withdraws, and for a grant without its client
 */
export async function revokeCredential(
  outbound: Outbound,
  credential: WithdrawnCredential,
  sending: Sending,
): Promise<RevokeOutcome> {
  const revocation = revocationOf(credential.method)
  if (revocation === undefined) throw new TypeError('only a person withdraws it')
  if (revocation.style === 'request') {
    return sendRequest(outbound, { credential, revocation }, sending)
  }
  const { hint, send } = revocation
  const token = tokenToSend(send, credential.tokens)
  return revokeToken(outbound, { credential, hint, token }, sending)
}

/** The one that kills the whole grant; where that one is missing, the other. */
function tokenToSend(
  send: 'refresh_token' | 'access_token',
  { accessToken, refreshToken }: Pick<KeptTokenSet, 'accessToken' | 'refreshToken'>,
): Secret {
  const isRefreshToken = send === 'refresh_token' || accessToken.expose() === ''
  return (isRefreshToken ? refreshToken : null) ?? accessToken
}

function clientOf({ client }: WithdrawnCredential): Registration {
  if (client === undefined) throw new TypeError('a grant is withdrawn by its client')
  return client
}

/** RFC 7009: 200 also for a token that is unknown. */
async function revokeToken(
  outbound: Outbound,
  {
    credential,
    hint,
    token,
  }: { credential: WithdrawnCredential; hint: string | null; token: Secret },
  sending: Sending,
): Promise<RevokeOutcome> {
  const client = clientOf(credential)
  try {
    const response = await oauth.revocationRequest(
      metadata(client),
      { client_id: client.clientId },
      authentication(client),
      token.expose(),
      {
        ...requestOptions(outbound, sending, client, credential.tokens.reach),
        ...(hint === null ? {} : { additionalParameters: { token_type_hint: hint } }),
      },
    )
    if (response.status === 200) return 'revoked'
    return refusalOf(await readAnswer(response))
  } catch {
    return 'retry'
  }
}

async function sendRequest(
  outbound: Outbound,
  { credential, revocation }: { credential: WithdrawnCredential; revocation: ByRequest },
  sending: Sending,
): Promise<RevokeOutcome> {
  const { client, tokens } = credential
  const { method, url, headers } = revocation.request
  const address = client
    ? addressOf(url, { ...client.variables, client_id: client.clientId })
    : requestUrl(url, credential)
  const reach = commonReach(client ? [tokens.reach, client.reach] : [tokens.reach])
  const values = valuesToSend(revocation, credential)
  const body = bodyOf(revocation.body, values)
  try {
    const response = await outbound.fetch(address, {
      ...sending,
      isOwn: isTenantsOwn(credential.provider),
      within: { reach, side: 'client' },
      method,
      headers: {
        accept: 'application/json',
        ...requestHeaders(headers, credential),
        ...body?.headers,
        ...authenticationOf(credential, revocation, values),
      },
      ...(body && { body: body.text }),
    })
    const answer = await readAnswer(response)
    return fulfils(answer, revocation.done) ? 'revoked' : refusalOf(answer)
  } catch {
    return 'retry'
  }
}

/** The fields of a key, or the one token that is sent, beside the variables of the host and the id of the client. */
function valuesToSend(revocation: ByRequest, credential: WithdrawnCredential): CredentialValues {
  const { tokens, client } = credential
  const token = 'send' in revocation && { token: tokenToSend(revocation.send, tokens) }
  const id = client && { client_id: new Secret(client.clientId) }
  return { ...sentValuesOf(credential), ...token, ...id }
}

function authenticationOf(
  credential: WithdrawnCredential,
  { authenticate }: ByRequest,
  values: CredentialValues,
): Record<string, string> {
  if (authenticate === 'none') return {}
  if (authenticate === 'client_basic') {
    const { clientId, clientSecret } = clientOf(credential)
    return { authorization: basicOf(clientId, clientSecret.expose()) }
  }
  const headers = headersOf(credential.method, values)
  return Object.fromEntries(headers.map(({ name, value }) => [name, value]))
}

function bodyOf(
  body: ByRequest['body'],
  values: CredentialValues,
): { text: string; headers: Record<string, string> } | undefined {
  if (body === undefined) return undefined
  const templates = 'json' in body ? body.json : body.form
  const filled = Object.fromEntries(
    Object.entries(templates).map(([name, template]) => [name, fill(template, values) ?? '']),
  )
  return 'json' in body
    ? {
        text: JSON.stringify(filled),
        headers: { 'content-type': 'application/json' },
      }
    : {
        text: new URLSearchParams(filled).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }
}

function refusalOf({ status, headers, body }: ProviderAnswer): RevokeOutcome {
  // A limit is not always a 429: GitHub's is a 403 that says when to come again.
  if (status >= 500 || status === 429 || headers?.get('retry-after')) return 'retry'
  const { error } = Object(body)
  // GitLab answers a client that it does not know with 403 and `unauthorized_client`.
  return error === 'invalid_client' || error === 'unauthorized_client'
    ? 'client_rejected'
    : 'refused'
}
