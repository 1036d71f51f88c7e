import type {
  CredentialType,
  KeyMethod,
  Method,
  OAuth2Method,
  ProviderDefinition,
  RevocationDefinition,
} from '@keywell/protocol'

/** The provider's way by the user's consent. */
export function findOAuth({ auth }: Pick<ProviderDefinition, 'auth'>): OAuth2Method | undefined {
  return auth.find((method) => method.kind === 'oauth2')
}

/** @throws TypeError where there is none: no integration of the provider can have been made */
export function oauthOf(provider: Pick<ProviderDefinition, 'name' | 'auth'>): OAuth2Method {
  const method = findOAuth(provider)
  if (method === undefined) throw new TypeError(`${provider.name} has no way by consent`)
  return method
}

/** Asked for when neither the session nor the button names scopes. */
export function defaultScopesOf(provider: Pick<ProviderDefinition, 'auth'>): readonly string[] {
  return findOAuth(provider)?.defaultScopes ?? []
}

/** The provider's way by a key that a person makes there. */
export function findKey({ auth }: Pick<ProviderDefinition, 'auth'>): KeyMethod | undefined {
  return auth.find((method) => method.kind === 'key')
}

/**
 * The method that a credential of that type came by. A connection without a credential has that of
 * OAuth, or where the provider has none, its first.
 *
 * @throws TypeError for a type that the provider does not have: none is ever stored
 */
export function methodOf(
  provider: Pick<ProviderDefinition, 'name' | 'auth'>,
  type: CredentialType | null,
): Method {
  const kind = type === null ? 'oauth2' : kinds[type]
  const ofKind = provider.auth.find((each) => each.kind === kind)
  const method = ofKind ?? (type === null ? provider.auth[0] : undefined)
  if (method !== undefined) return method
  throw new TypeError(`${provider.name} has no credentials of type ${type}`)
}

const kinds: Record<CredentialType, Method['kind'] | undefined> = {
  oauth_token: 'oauth2',
  api_key: 'key',
  basic: undefined,
  webhook_secret: undefined,
}

/** How the method's credential is withdrawn at the provider; undefined: only a person does that. */
export function revocationOf({
  revocation,
}: Method): Exclude<RevocationDefinition, { style: 'none' }> | undefined {
  return revocation?.style === 'none' ? undefined : revocation
}

/** The types of credentials of a provider that a disconnect withdraws there. */
export function withdrawnTypes(provider: Pick<ProviderDefinition, 'auth'>): CredentialType[] {
  const types: CredentialType[] = ['oauth_token', 'api_key']
  return types.filter((type) =>
    provider.auth.some((each) => each.kind === kinds[type] && revocationOf(each) !== undefined),
  )
}
