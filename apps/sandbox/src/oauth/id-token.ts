import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import type { Instance } from '../instance.ts'
import type { Token, User } from '../store/state.ts'

const algorithm = 'RS256'
const lifetimeSeconds = 120

export async function signIdToken(
  instance: Instance,
  token: Token,
  nonce: string | null,
): Promise<string> {
  const user = token.userId === null ? undefined : instance.store.users.get(token.userId)
  const jwk = await signingKey(instance)
  const issuedAt = Math.floor(instance.now() / 1_000)
  return await new SignJWT({
    ...(user === undefined ? {} : claims(user, token.scopes)),
    ...(nonce === null ? {} : { nonce }),
    auth_time: issuedAt,
  })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(jwk.kid ? { kid: jwk.kid } : {}) })
    .setIssuer(instance.url())
    .setAudience(token.clientId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(await importJWK(jwk, algorithm))
}

/** The claims of a user for `openid`, `profile` and `email`. */
export function claims(user: User, scopes: readonly string[]): Record<string, unknown> {
  const profile = {
    name: user.name,
    nickname: user.username,
    preferred_username: user.username,
    groups: ['lighthouse'],
  }
  return {
    sub: String(user.id),
    ...(scopes.includes('profile') ? profile : {}),
    ...(scopes.includes('email') ? { email: user.email, email_verified: true } : {}),
  }
}

/** The public half, for `/oauth/discovery/keys`. */
export async function publicKey(instance: Instance): Promise<JWK> {
  const { kty, n, e, kid } = await signingKey(instance)
  return { kty, n, e, kid, alg: algorithm, use: 'sig' } as JWK
}

/** Made when it is first needed: an RSA key takes longer than the whole start. */
async function signingKey({ store }: Instance): Promise<JWK> {
  if (store.signingKey === null) {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
    const jwk = await exportJWK(privateKey)
    // Another call may have been first while this one waited.
    store.signingKey ??= { ...jwk, kid: 'sandbox' }
    store.touch()
  }
  return store.signingKey
}
