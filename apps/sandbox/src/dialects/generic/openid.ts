// https://openid.net/specs/openid-connect-core-1_0.html
// https://openid.net/specs/openid-connect-discovery-1_0.html
import type { Context } from 'hono'
import { exportJWK, SignJWT } from 'jose'
import type { Env } from '../../instance.ts'
import type { Grant } from '../core/grants.ts'
import { type State, scopes } from './state.ts'

const kid = 'stand-in'

export async function idToken(
  state: State,
  { clientId, username }: Grant,
  nonce: string | undefined,
): Promise<string> {
  const now = Math.floor(state.clock.now() / 1_000)
  return await new SignJWT(nonce === undefined ? {} : { nonce })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(state.wire.url('issuer'))
    .setSubject(state.user(username)?.sub ?? '')
    .setAudience(clientId)
    .setIssuedAt(now)
    .setExpirationTime(now + 300)
    .sign(state.signing.privateKey)
}

export function discovery(c: Context<Env>, { wire, options }: State): Response {
  const issuer = wire.url('issuer')
  return c.json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    revocation_endpoint: `${issuer}/revoke`,
    introspection_endpoint: `${issuer}/introspect`,
    jwks_uri: `${issuer}/keys`,
    scopes_supported: scopes,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    token_endpoint_auth_methods_supported: options.clientAuthentication,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  })
}

export async function keys(c: Context<Env>, { signing }: State): Promise<Response> {
  const jwk = await exportJWK(signing.publicKey)
  return c.json({ keys: [{ ...jwk, kid, use: 'sig', alg: 'ES256' }] })
}

/** Claims by scope: section 5.4. */
export function userInfo(c: Context<Env>, state: State): Response {
  const [scheme = '', token = ''] = (c.req.header('authorization') ?? '').split(' ')
  const pair = scheme.toLowerCase() === 'bearer' ? state.grants.active(token) : undefined
  const user = state.user(pair?.grant.username ?? '')
  if (pair === undefined || user === undefined) return invalidToken(c)
  const has = (scope: string): boolean => pair.scopes.includes(scope)
  return c.json({
    sub: user.sub,
    ...(has('profile') ? { name: user.name, preferred_username: user.username } : {}),
    ...(has('email') ? { email: user.email } : {}),
  })
}

// https://datatracker.ietf.org/doc/html/rfc6750#section-3.1
export function invalidToken(c: Context): Response {
  c.header('WWW-Authenticate', 'Bearer error="invalid_token"')
  return c.json({ error: 'invalid_token' }, 401)
}
