import type { z } from 'zod'
import type { accountReaderSchema, identitySchema } from './account.ts'
import type { conditionSchema } from './condition.ts'
import type { definitionShapeSchema, hostLimitsSchema } from './definition.ts'
import type { healthSchema } from './health.ts'
import type {
  clientCredentialsMethodSchema,
  installationMethodSchema,
  jwtBearerMethodSchema,
  keyExchangeMethodSchema,
  keyMethodSchema,
  oauth2MethodSchema,
} from './method.ts'
import type { mintRenewalSchema } from './mint.ts'
import type { renewalSchema } from './oauth.ts'
import type { discoveredSchema, presetSchema } from './preset.ts'
import type { requestSchema } from './request.ts'
import type { keyRevocationSchema, revocationSchema } from './revocation.ts'
import type { scopeDefinitionSchema, scopeRiskSchema } from './scopes.ts'

/** What a schema lets through, and nobody changes. */
type Data<Schema extends z.ZodType> = DeepReadonly<z.output<Schema>>
type DeepReadonly<Value> = Value extends object
  ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
  : Value

/** What Keywell has to know of a provider, as data: a quirk is a field here. */
export interface ProviderDefinition extends Data<typeof definitionShapeSchema> {}
/** A few values of which a definition is made. */
export type Preset = Data<typeof presetSchema>
/** What the metadata of an issuer says, as far as it is used. */
export interface Discovered extends Data<typeof discoveredSchema> {}
/** A way to a credential by the user's consent (RFC 6749). */
export interface OAuth2Method extends Data<typeof oauth2MethodSchema> {}
/** A way to a credential by a key that a person makes by hand. */
export interface KeyMethod extends Data<typeof keyMethodSchema> {}
/** A way to access tokens by what a person types: one request brings each. */
export interface KeyExchangeMethod extends Data<typeof keyExchangeMethodSchema> {}
/** The same by a client that acts for itself (RFC 6749 section 4.4). */
export interface ClientCredentialsMethod extends Data<typeof clientCredentialsMethodSchema> {}
/** The same by a signed statement (RFC 7523). */
export interface JwtBearerMethod extends Data<typeof jwtBearerMethodSchema> {}
/** A way in which each access token is minted from what was typed. */
export type MintedMethod = KeyExchangeMethod | ClientCredentialsMethod | JwtBearerMethod
/** A way in which an administrator there installs the app, which then mints access tokens by its private key. */
export interface InstallationMethod extends Data<typeof installationMethodSchema> {}
/** A way for which an app is registered at the provider. */
export type AppMethod = OAuth2Method | InstallationMethod
/** A way to a credential by what a person types. */
export type TypedMethod = KeyMethod | MintedMethod
/** A way to a credential. */
export type Method = ProviderDefinition['auth'][number]
/** How a credential stays fresh. */
export type RenewalDefinition = Data<typeof renewalSchema> | MintRenewal
/** The same where a refresh token renews it. */
export type RefreshTokenRenewal = Extract<RenewalDefinition, { by: 'refresh_token' }>
/** The same where it is minted anew. */
export interface MintRenewal extends Data<typeof mintRenewalSchema> {}
export interface IdentityDefinition extends Data<typeof identitySchema> {}
export interface AccountReader extends Data<typeof accountReaderSchema> {}
export interface HealthDefinition extends Data<typeof healthSchema> {}
export interface RequestDefinition extends Data<typeof requestSchema> {}
/** How a grant or a key is withdrawn at the provider. */
export type RevocationDefinition = Data<typeof revocationSchema> | Data<typeof keyRevocationSchema>
/** What an answer must be like. */
export type Condition = Data<typeof conditionSchema>
/** For all calls of an installation to one host together, whichever its tenants are. */
export interface HostLimits extends Data<typeof hostLimitsSchema> {}
export interface ScopeDefinition extends Data<typeof scopeDefinitionSchema> {}
export type ScopeRisk = z.output<typeof scopeRiskSchema>

/** Who a token belongs to. `id` is the provider's stable one, never a name or an address. */
export interface ProviderAccount {
  readonly id: string
  readonly name: string | null
  readonly username: string | null
  readonly avatarUrl: string | null
}
