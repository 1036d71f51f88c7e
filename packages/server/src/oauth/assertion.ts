import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import { type JwtBearerMethod, Secret } from '@keywell/protocol'
import { SignJWT } from 'jose'
import { UnusableField } from './mint-values.ts'
import { type CredentialValues, fill } from './send.ts'

/** So that a clock that is behind ours does not see an assertion of the future. */
const backdatedSeconds = 30

/**
 * The signed statement that stands for a grant (RFC 7523 section 3).
 *
 * @param audience the address of the token endpoint, where the method names no other
 * @throws UnusableField for a private key that is none, or none of the algorithm
 */
export async function signAssertion(
  { token, parts }: Pick<JwtBearerMethod, 'token' | 'parts'>,
  values: CredentialValues,
  audience: string,
): Promise<string> {
  const { algorithm, keyId, claims, lifeSeconds, privateKey, ...named } = token.assertion
  const filled = (template: string | undefined) =>
    template === undefined ? undefined : fill(template, values)
  const [kid, iss, sub] = [keyId, named.issuer, named.subject].map(filled)
  const issuedAt = Math.floor(Date.now() / 1000) - backdatedSeconds
  const jwt = new SignJWT({
    ...filledAll(claims, values),
    ...(iss !== undefined && { iss }),
    ...(sub !== undefined && { sub }),
    aud: filled(named.audience) ?? audience,
    jti: randomUUID(),
  })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }) })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifeSeconds)
  const field = parts?.[privateKey]?.field ?? privateKey
  try {
    return await jwt.sign(readPrivateKey(values[privateKey] ?? new Secret('')))
  } catch {
    // What the library says of a key may quote it.
    throw new UnusableField(field)
  }
}

/** PEM of PKCS #8 or PKCS #1, without a password. */
export function readPrivateKey(pem: Secret): KeyObject {
  return createPrivateKey({ key: pem.expose(), format: 'pem' })
}

/** Templates with their values; one whose value is absent is left out. */
export function filledAll(
  templates: Readonly<Record<string, string>>,
  values: CredentialValues,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(templates).flatMap(([name, template]) => {
      const value = fill(template, values)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
