import type { ProviderDefinition, RefreshTokenRenewal, RenewalDefinition } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'

/** The provider that the sandbox is, under another name, and renewed by other rules. */
export function renewedBy(renewal: RenewalDefinition): ProviderDefinition {
  const definition: ProviderDefinition = { ...gitlab, name: 'acme-git' }
  const auth = definition.auth.map((method) =>
    method.kind === 'oauth2' ? { ...method, renewal } : method,
  )
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
