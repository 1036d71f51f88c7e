import type { Method, MintRenewal, RefreshTokenRenewal } from '@keywell/protocol'

/** How what renews a connection behaves, in the words of refresh tokens. */
export type Renewal = Omit<RefreshTokenRenewal, 'by'>

/**
 * How what renews a connection behaves: as its method says, unless the connection has shown that its refresh tokens
 * rotate after all. Then using one twice may end everything.
 *
 * @returns null: nothing renews it
 */
export function renewalOf(
  method: Method | undefined,
  { rotates }: { rotates: boolean },
): Renewal | null {
  if (method === undefined || !('renewal' in method)) return null
  const { renewal } = method
  switch (renewal.by) {
    case 'none':
      return null
    case 'mint':
      return mintingAsRenewal(renewal)
    case 'refresh_token':
      return rotates ? { ...renewal, rotation: 'strict_family' } : renewal
    default:
      renewal satisfies never
      return null
  }
}

/** Minting is a refresh without a refresh token: it uses nothing up, and ends with a refusal alone. */
function mintingAsRenewal({ defaultExpiresIn, maxRequestSeconds }: MintRenewal): Renewal {
  return {
    rotation: 'none',
    revokesOldAccessToken: false,
    refreshTokenLifetime: { idle: null, absolute: null },
    defaultExpiresIn,
    maxRequestSeconds,
  }
}

/** An answer that brings another refresh token is a rotation that the provider's data does not know of. */
export function rotatesUnannounced({ rotation, newEachTime }: Renewal): boolean {
  return rotation === 'none' && newEachTime !== true
}

/** A refresh token that is used again ends everything: at once, or when a grace is over. */
export function endsFamilies({ rotation }: Renewal): boolean {
  return rotation === 'strict_family' || rotation === 'grace_then_family'
}
