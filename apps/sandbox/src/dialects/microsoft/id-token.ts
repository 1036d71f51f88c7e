// https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
import type { Context } from 'hono'
import { exportJWK, SignJWT } from 'jose'
import type { Env } from '../../instance.ts'
import type { Grant } from '../core/grants.ts'
import type { State } from './state.ts'

const kid = 'stand-in'

/** The issuer has the tenant of the user, whatever tenant was asked. */
export async function idToken(
  state: State,
  { clientId, username }: Grant,
  nonce: string | undefined,
): Promise<string> {
  const user = state.user(username)
  const now = Math.floor(state.clock.now() / 1_000)
  return await new SignJWT({
    tid: user?.tenantId,
    oid: user?.oid,
    name: user?.name,
    preferred_username: username,
    ver: '2.0',
    ...(nonce === undefined ? {} : { nonce }),
  })
    .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
    .setIssuer(`${state.wire.url('login')}/${user?.tenantId}/v2.0`)
    // Of this app and this user: another app sees another one.
    .setSubject(`${user?.oid}.${clientId}`)
    .setAudience(clientId)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 3_600)
    .sign(state.key.privateKey)
}

// https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc
export function discovery(c: Context<Env>, state: State): Response {
  const tenant = c.req.param('tenant') ?? ''
  const base = `${state.wire.url('login')}/${tenant}`
  const shared = ['common', 'organizations'].includes(tenant)
  return c.json({
    // With no tenant of its own it is a template, which no token has.
    issuer: `${state.wire.url('login')}/${shared ? '{tenantid}' : tenant}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
  })
}

export async function keys(c: Context<Env>, { key }: State): Promise<Response> {
  const jwk = await exportJWK(key.publicKey)
  return c.json({ keys: [{ ...jwk, kid, use: 'sig', alg: 'RS256' }] })
}
