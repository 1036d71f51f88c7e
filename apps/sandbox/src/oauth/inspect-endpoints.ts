import type { Context } from 'hono'
import type { Instance } from '../instance.ts'
import { scopeSentences } from '../scopes.ts'
import type { Token } from '../store/state.ts'
import { authenticateClient } from './client.ts'
import { refuse } from './errors.ts'
import { readForm, readQuery } from './form.ts'
import { claims, publicKey } from './id-token.ts'
import { bearerOf, isExpired, markUsed, secondsLeft } from './tokens.ts'

/** `GET /oauth/token/info`. GitLab answers 400 for a dead token, where stock Doorkeeper says 401. */
export function tokenInfoEndpoint(c: Context, instance: Instance): Response {
  const token = livingToken(c, instance)
  if (token === undefined) return refuse(c, 'invalid_request')
  return c.json({
    resource_owner_id: token.userId,
    scope: token.scopes,
    expires_in: secondsLeft(instance, token),
    application: { uid: token.clientId },
    created_at: Math.floor(token.createdAt / 1_000),
    // The older names, which GitLab keeps beside the new ones.
    scopes: token.scopes,
    expires_in_seconds: secondsLeft(instance, token),
  })
}

/** `POST /oauth/introspect` (RFC 7662): for the client that the token was issued to. */
export async function introspectEndpoint(c: Context, instance: Instance): Promise<Response> {
  const form = await readForm(c)
  const caller = authenticateClient(instance, c.req.header('authorization'), form)
  if (caller === undefined) return refuse(c, 'invalid_client')
  const value = form.token ?? ''
  const token = instance.store.byAccessToken(value) ?? instance.store.byRefreshToken(value)
  const isRefreshToken = token?.refreshToken === value
  const active =
    token !== undefined &&
    token.clientId === caller.clientId &&
    token.revokedAt === null &&
    (isRefreshToken ? token.spentAt === null : !isExpired(instance, token))
  if (!active) return c.json({ active: false })
  const createdAt = Math.floor(token.createdAt / 1_000)
  return c.json({
    active: true,
    scope: token.scopes.join(' '),
    client_id: token.clientId,
    token_type: 'Bearer',
    exp: createdAt + token.expiresInSeconds,
    iat: createdAt,
  })
}

/** `GET` and `POST /oauth/userinfo` (OpenID Connect). */
export function userInfoEndpoint(c: Context, instance: Instance): Response {
  const token = livingToken(c, instance)
  const user = token?.userId == null ? undefined : instance.store.users.get(token.userId)
  if (token === undefined || user === undefined) return refuse(c, 'invalid_token')
  if (!token.scopes.includes('openid')) return refuse(c, 'insufficient_scope')
  return c.json(claims(user, token.scopes))
}

/** `GET /.well-known/openid-configuration`. */
export function discoveryEndpoint(c: Context, instance: Instance): Response {
  const url = instance.url()
  return c.json({
    issuer: url,
    authorization_endpoint: `${url}/oauth/authorize`,
    token_endpoint: `${url}/oauth/token`,
    revocation_endpoint: `${url}/oauth/revoke`,
    introspection_endpoint: `${url}/oauth/introspect`,
    userinfo_endpoint: `${url}/oauth/userinfo`,
    jwks_uri: `${url}/oauth/discovery/keys`,
    scopes_supported: Object.keys(scopeSentences),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['iss', 'sub', 'aud', 'exp', 'iat', 'name', 'nickname', 'email', 'groups'],
    code_challenge_methods_supported: ['plain', 'S256'],
  })
}

/** `GET /oauth/discovery/keys`. */
export async function keysEndpoint(c: Context, instance: Instance): Promise<Response> {
  return c.json({ keys: [await publicKey(instance)] })
}

function livingToken(c: Context, instance: Instance): Token | undefined {
  const value = bearerOf(c.req.header('authorization'), readQuery(c))
  const token = value === undefined ? undefined : instance.store.byAccessToken(value)
  if (token === undefined || token.revokedAt !== null || isExpired(instance, token)) {
    return undefined
  }
  markUsed(instance, token)
  return token
}
