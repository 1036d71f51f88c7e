import type { OAuth2Method, ProviderDefinition, RefreshTokenRenewal } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'

/** The provider that the sandbox is, under another name, and renewed by other rules. */
export function renewedBy(renewal: OAuth2Method['renewal']): ProviderDefinition {
  const definition: ProviderDefinition = { ...gitlab, name: 'acme-git' }
  const auth = definition.auth.map((method) => {
    if (method.kind !== 'oauth2') return method
    // A grant is withdrawn by a refresh token only where there is one.
    const { revocation } = method
    const isSent = renewal.by === 'none' && revocation.style === 'rfc7009'
    return {
      ...method,
      renewal,
      revocation: isSent ? { ...revocation, send: 'access_token' as const } : revocation,
    }
  })
  return { ...definition, auth }
}

/** GitLab's rules, with some others in their place. */
export function gitlabRenewal(changes: Partial<RefreshTokenRenewal>): RefreshTokenRenewal {
  return {
    by: 'refresh_token',
    rotation: 'strict',
    revokesOldAccessToken: true,
    defaultExpiresIn: 7200,
    refreshTokenLifetime: { idle: null, absolute: null },
    maxRequestSeconds: 120,
    ...changes,
  }
}
