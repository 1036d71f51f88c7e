/** A token of client credentials (RFC 6749 section 4.4). */
import { Secret } from '@keywell/protocol'
import * as oauth from 'oauth4webapi'
import type { Instance } from './instance.ts'
import type { Place } from './place.ts'

/** Where the answer names no end. */
const defaultLifeSeconds = 3_600
const maxAnswerBytes = 64 * 1024
const timeoutMs = 20_000

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: Secret
}

/** @throws Error that names no secret */
export async function requestToken(
  { place, instance }: { readonly place: Place; readonly instance: Instance },
  { clientId, clientSecret }: ClientCredentials,
): Promise<{ readonly secret: Secret; readonly lifeMs: number }> {
  const { tokenUrl, host, provider } = place
  if (tokenUrl === undefined) throw new Error(`${provider.title} takes no client credentials.`)
  const server = { issuer: host, token_endpoint: tokenUrl.href }
  const client = { client_id: clientId }
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(clientSecret.expose()),
    new URLSearchParams(),
    {
      // Plain http is for an instance on this machine or network: the settings name its address.
      [oauth.allowInsecureRequests]: tokenUrl.protocol === 'http:',
      [oauth.customFetch]: (_, { method, headers, body }) =>
        fetchAt(instance, tokenUrl, { method, headers, body: String(body) }),
    },
  )
  const { access_token, expires_in } = await oauth.processClientCredentialsResponse(
    server,
    client,
    answer,
  )
  return {
    secret: new Secret(access_token),
    lifeMs: (expires_in ?? defaultLifeSeconds) * 1_000,
  }
}

async function fetchAt(
  instance: Instance,
  url: URL,
  request: { method: string; headers: Record<string, string>; body: string },
): Promise<Response> {
  const { status, headers, body } = await instance.send({
    url,
    ...request,
    maxBytes: maxAnswerBytes,
    timeoutMs,
  })
  return new Response(Buffer.from(body), { status, headers })
}
