import type { Method, RefreshTokenRenewal } from '@keywell/protocol'

/**
 * How the refresh tokens of a connection behave: as its method says, unless the connection has shown that
 * they rotate after all. Then using one twice may end everything.
 *
 * @returns null: no refresh token renews it
 */
export function renewalOf(
  method: Method | undefined,
  { rotates }: { rotates: boolean },
): RefreshTokenRenewal | null {
  if (method?.kind !== 'oauth2' || method.renewal.by !== 'refresh_token') return null
  const { renewal } = method
  return rotates ? { ...renewal, rotation: 'strict_family' } : renewal
}

/** An answer that brings another refresh token is a rotation that the provider's data does not know of. */
export function rotatesUnannounced({ rotation, newEachTime }: RefreshTokenRenewal): boolean {
  return rotation === 'none' && newEachTime !== true
}

/** A refresh token that is used again ends everything: at once, or when a grace is over. */
export function endsFamilies({ rotation }: RefreshTokenRenewal): boolean {
  return rotation === 'strict_family' || rotation === 'grace_then_family'
}
