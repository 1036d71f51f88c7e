import { type Discovered, discoveredSchema } from '@keywell/protocol'
import * as oauth from 'oauth4webapi'
import { z } from 'zod'
import {
  createOutbound,
  type EgressProxy,
  type Outbound,
  type PrivateHost,
} from '../outbound/outbound.ts'

/** What is used of the metadata; a server that does not name the client authentications knows Basic (section 3). */
const metadataSchema = z.object({
  ...discoveredSchema.omit({ client: true, scopes_supported: true }).shape,
  authorization_response_iss_parameter_supported: z.boolean().default(false),
  scopes_supported: z.array(z.string()).default(['openid', 'profile', 'email']),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})

/**
 * Reads the metadata of an issuer (OpenID Connect Discovery 1.0), for a definition that keeps it: the issuer's later
 * metadata changes nothing. The call passes the same guard as those of the service.
 *
 * @throws Error where there is no answer, or it is another issuer's, or has not what is needed
 */
export async function discoverIssuer(
  issuer: string,
  {
    privateHosts = [],
    egressProxy,
  }: { privateHosts?: readonly PrivateHost[]; egressProxy?: EgressProxy | undefined } = {},
): Promise<Discovered> {
  const outbound = createOutbound({ allow: privateHosts, egressProxy })
  try {
    return await readMetadata(outbound, new URL(issuer))
  } finally {
    await outbound.close()
  }
}

async function readMetadata(outbound: Outbound, issuer: URL): Promise<Discovered> {
  const response = await oauth.discoveryRequest(issuer, {
    algorithm: 'oidc',
    [oauth.customFetch]: (url, { method, headers }) => outbound.fetch(url, { method, headers }),
    // Which hosts may be plain http is decided by `outbound`, for every call alike.
    [oauth.allowInsecureRequests]: true,
  })
  const metadata = await oauth.processDiscoveryResponse(issuer, response)
  const { token_endpoint_auth_methods_supported: methods, ...found } =
    metadataSchema.parse(metadata)
  return discoveredSchema.parse({
    ...found,
    scopes_supported: standardScopes.filter((scope) => found.scopes_supported.includes(scope)),
    client: methods.includes('client_secret_post') ? 'client_secret_post' : 'client_secret_basic',
  })
}

const standardScopes = discoveredSchema.shape.scopes_supported.element.options
