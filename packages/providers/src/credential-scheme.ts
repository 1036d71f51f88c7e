import type {
  ApiKeyDefinition,
  CredentialType,
  HealthProbe,
  IdentityProbe,
  ProviderDefinition,
} from '@keywell/protocol'

/** How credentials of one type are sent, identified, probed and revoked. */
export interface CredentialScheme {
  readonly header: ApiKeyDefinition['header']
  readonly identity: IdentityProbe
  readonly health: HealthProbe
  /** Where a person takes it back, below the host. */
  readonly manualPath: string
}

/** RFC 6750 section 2.1. */
const bearer = { name: 'Authorization', prefix: 'Bearer ' }

/**
 * The scheme of a provider's credentials of one type. A connection without a credential has that of OAuth.
 *
 * @throws TypeError for a type that the provider does not have: none is ever stored
 */
export function credentialSchemeOf(
  provider: ProviderDefinition,
  type: CredentialType | null,
): CredentialScheme {
  switch (type) {
    case null:
    case 'oauth_token': {
      const { identity, health, revocation } = provider
      return { header: bearer, identity, health, manualPath: revocation.manualPath }
    }
    case 'api_key':
      if (provider.apiKeys !== undefined) return provider.apiKeys
      break
    case 'basic':
    case 'webhook_secret':
      break
    default:
      throw new TypeError(`no such type: ${type satisfies never}`)
  }
  throw new TypeError(`${provider.name} has no credentials of type ${type}`)
}
