import {
  type AppMethod,
  type CredentialType,
  type InstallationMethod,
  KeywellError,
  type Method,
  type MintedMethod,
  type OAuth2Method,
  type ProviderDefinition,
  type RevocationDefinition,
  type TypedMethod,
} from '@keywell/protocol'

type WithMethods = Pick<ProviderDefinition, 'auth'>
type Titled = Pick<ProviderDefinition, 'auth' | 'title'>

/** The method with that id. Undefined: there is none, or none any more since the definition was edited. */
export function findMethod({ auth }: WithMethods, id: string): Method | undefined {
  return auth.find((method) => method.id === id)
}

/**
 * The same, for what cannot go on without it.
 *
 * @throws KeywellError `method_not_offered`
 */
export function methodOf(provider: Titled, id: string): Method {
  const method = findMethod(provider, id)
  if (method !== undefined) return method
  throw isGone(provider, id)
}

/** A method by consent. @throws KeywellError `method_not_offered` */
export function oauthOf(provider: Titled, id: string): OAuth2Method {
  const method = methodOf(provider, id)
  if (method.kind === 'oauth2') return method
  throw isGone(provider, id)
}

/** A method for which an app is registered. @throws KeywellError `method_not_offered` */
export function appOf(provider: Titled, id: string): AppMethod {
  const method = methodOf(provider, id)
  if (isOfApp(method)) return method
  throw isGone(provider, id)
}

/** How a user consents with the app of a method; of an installation, beside installing it. */
export function consentOf(provider: Titled, method: AppMethod): OAuth2Method {
  if (method.kind === 'oauth2') return method
  const consent = oauthOf(provider, method.install.consent)
  // The install page takes no challenge (RFC 7636), so that a code comes without one.
  return { ...consent, authorize: { ...consent.authorize, pkce: 'none' } }
}

/** A method by what a person types. @throws KeywellError `method_not_offered` */
export function keyOf(provider: Titled, id: string): TypedMethod {
  const method = methodOf(provider, id)
  if (isTyped(method)) return method
  throw isGone(provider, id)
}

function isGone({ title, auth }: Titled, id: string): KeywellError {
  return new KeywellError(
    'method_not_offered',
    `The definition of ${title} has no such method ${id}.`,
    { nextStep: `Put it back into the definition, or connect again by ${listed(auth)}.` },
  )
}

function listed(auth: WithMethods['auth']): string {
  return auth.map(({ id }) => id).join(' or ')
}

/** The provider's ways by the user's consent. */
export function oauthMethods({ auth }: WithMethods): OAuth2Method[] {
  return auth.filter((method) => method.kind === 'oauth2')
}

/** Whether a method has no page that sends the browser back: a person types a code at the provider (RFC 8628). */
export function isDeviceOnly(method: Method): boolean {
  return method.kind === 'oauth2' && method.authorize.url === undefined
}

/** The provider's ways for which an app is registered. */
export function appMethods({ auth }: WithMethods): AppMethod[] {
  return auth.filter(isOfApp)
}

function isOfApp(method: Method): method is AppMethod {
  return method.kind === 'oauth2' || method.kind === 'installation'
}

/** The provider's ways by what a person makes there, and types. */
export function keyMethods({ auth }: WithMethods): TypedMethod[] {
  return auth.filter(isTyped)
}

/** What a connect session calls a method that it names by its kind. */
export const kindWords = {
  oauth2: 'oauth',
  key: 'key',
  key_exchange: 'key',
  client_credentials: 'key',
  jwt_bearer: 'key',
  installation: 'installation',
} as const satisfies Record<Method['kind'], string>

/** Whether a name in a connect session means a method: its id, or the word for its kind. */
export function isMeantBy({ id, kind }: Pick<Method, 'id' | 'kind'>, name: string): boolean {
  return id === name || kindWords[kind] === name
}

/**
 * Asked for when neither the session nor the button names scopes; of a key those of the first method by consent.
 *
 * @param method Default: that first one
 */
export function defaultScopesOf(provider: WithMethods, method?: Method): readonly string[] {
  if (method?.kind === 'installation') return []
  const asking = method && method.kind !== 'key' ? method : oauthMethods(provider)[0]
  return asking?.defaultScopes ?? []
}

/** What a method's credentials are, as they are stored and read. */
export function credentialTypeOf({ kind }: Pick<Method, 'kind'>): StoredType {
  return types[kind]
}

type StoredType = Extract<CredentialType, 'oauth_token' | 'api_key'>

const types: Record<Method['kind'], StoredType> = {
  oauth2: 'oauth_token',
  key: 'api_key',
  key_exchange: 'oauth_token',
  client_credentials: 'oauth_token',
  jwt_bearer: 'oauth_token',
  installation: 'oauth_token',
}

/** Whether each access token of a method is minted anew, by something that is never sent with a call. */
export function isMinted(method: Method): method is MintedMethod | InstallationMethod {
  return 'renewal' in method && method.renewal.by === 'mint'
}

/** Whether a person types what the method needs. */
export function isTyped(method: Method): method is TypedMethod {
  return 'fields' in method
}

/** How the method's credential is withdrawn at the provider; undefined: only a person does that. */
export function revocationOf(
  method: Method,
): Exclude<RevocationDefinition, { style: 'none' }> | undefined {
  const revocation = 'revocation' in method ? method.revocation : undefined
  return revocation?.style === 'none' ? undefined : revocation
}

/** Ids of the methods whose credentials a disconnect withdraws at the provider. */
export function withdrawnMethods({ auth }: WithMethods): string[] {
  return auth.filter((method) => revocationOf(method) !== undefined).map(({ id }) => id)
}
