import { z } from 'zod'
import { accountReaderSchema } from './account.ts'
import { anyOfSchema } from './condition.ts'
import { definitionShapeSchema } from './definition.ts'
import { keyFieldSchema } from './key-field.ts'
import { authorizeSchema, tokenEndpointSchema } from './oauth.ts'
import { scopeDefinitionSchema, scopeNameSchema } from './scopes.ts'
import { basicSchema, headerSchema } from './send.ts'
import { lineSchema, pointersSchema, templateSchema } from './texts.ts'

/**
 * A few values of which a whole definition is made: what a preset does not name has the value that does the least harm
 * where it is wrong.
 */

const { name, title, category, documentationUrl, mark, variables, api, limits } =
  definitionShapeSchema.shape
const { base, also } = api.shape

const common = {
  name,
  title,
  documentationUrl,
  mark,
  /** Default: `other`. */
  category: category.optional(),
  /** Default: none. */
  variables: variables.optional(),
  also,
  /** Where a person withdraws the credential. Default: `documentationUrl`. */
  manualUrl: templateSchema.optional(),
  /** Default: 5 requests per second, 10 at once after a quiet time, 4 at the same time. */
  limits,
}

/** A request that tells whose the credential is. */
const identitySchema = z.strictObject({
  url: templateSchema,
  id: accountReaderSchema.shape.id.shape.at,
  /** Default: `text`. */
  type: accountReaderSchema.shape.id.shape.type.optional(),
  /** The places of texts for people. Default: none. */
  name: pointersSchema.optional(),
  username: pointersSchema.optional(),
  avatarUrl: pointersSchema.optional(),
})

/** A request that tells whether the credential is active. */
const healthSchema = z.strictObject({
  url: templateSchema,
  /** Default: status 200. */
  active: anyOfSchema.optional(),
  /** Default: status 401; with `oauth2` only where the body says `invalid_token`. */
  inactive: anyOfSchema.optional(),
})

const presetScopeSchema = z.strictObject({
  name: scopeNameSchema,
  sentence: lineSchema,
  /** Default: `high`. */
  risk: scopeDefinitionSchema.shape.risk.optional(),
  readOnly: scopeDefinitionSchema.shape.readOnly,
})

const consent = {
  /** Sent with each authorisation request. Default: none. */
  parameters: authorizeSchema.shape.parameters.optional(),
  /** Default: none, and then none are sent. */
  scopes: z.array(presetScopeSchema).max(500).optional(),
  /** Asked for when neither the session nor the button names scopes. Default: none. */
  defaultScopes: z.array(scopeNameSchema).max(100).optional(),
  /** Default: a blank. */
  scopeSeparator: z.enum([' ', ',']).optional(),
  /** Default: `strict_family`, which never sends a refresh token twice. `null`: there are no refresh tokens. */
  rotation: z.enum(['none', 'strict', 'strict_family']).nullable().optional(),
  /** Seconds that an access token lives where an answer does not say. Default: 3600. */
  defaultExpiresIn: z.int().positive().max(316_224_000).nullable().optional(),
  /** How an access token is sent. Default: `Authorization: Bearer {token}`. */
  header: headerSchema.pick({ name: true, value: true }).optional(),
  /** Where an operator registers the app. Default: `documentationUrl`. */
  appsUrl: templateSchema.optional(),
}

/** OAuth 2 by its two endpoints (RFC 6749). */
const oauth2PresetSchema = z.strictObject({
  preset: z.literal('oauth2'),
  ...common,
  ...consent,
  base,
  authorizeUrl: templateSchema,
  tokenUrl: templateSchema,
  /** RFC 7009. Default: only a person withdraws a grant. */
  revokeUrl: templateSchema.optional(),
  /** RFC 9207. Default: the origin of `authorizeUrl`. */
  issuer: templateSchema.optional(),
  /** Default: `S256`. */
  pkce: authorizeSchema.shape.pkce.optional(),
  /** Default: `client_secret_post`. */
  client: tokenEndpointSchema.shape.client.optional(),
  identity: identitySchema,
  health: healthSchema,
})

/**
 * What the metadata of an issuer says (OpenID Connect Discovery 1.0), as far as it is used. It stands in the file, so
 * that an issuer cannot move an endpoint by itself; a command reads it.
 */
export const discoveredSchema = z.strictObject({
  authorization_endpoint: templateSchema,
  token_endpoint: templateSchema,
  userinfo_endpoint: templateSchema,
  revocation_endpoint: templateSchema.optional(),
  /** Of those that OpenID Connect names. */
  scopes_supported: z.array(z.enum(['openid', 'profile', 'email', 'offline_access'])).max(4),
  client: tokenEndpointSchema.shape.client,
  /** Whether each callback says who it is from (RFC 9207). */
  authorization_response_iss_parameter_supported: z.boolean(),
})

/** OpenID Connect by the address of its issuer. */
const oidcPresetSchema = z.strictObject({
  preset: z.literal('oidc'),
  ...common,
  ...consent,
  /** Default: the issuer. */
  base: base.optional(),
  issuer: z.url({ protocol: /^https?$/ }),
  /** What `keywell-service providers discover` has read. */
  discovered: discoveredSchema.optional(),
})

/** A key in a header, or in HTTP Basic. */
const apiKeyPresetSchema = z
  .strictObject({
    preset: z.literal('api-key'),
    ...common,
    base,
    /** `{token}` in its value is the key. Default of the value: the key alone. */
    header: headerSchema
      .pick({ name: true })
      .extend({ value: headerSchema.shape.value.optional() })
      .optional(),
    /** In place of `header`. */
    basic: basicSchema.pick({ username: true, password: true }).optional(),
    /** What is pasted. Default: the label `API key`. */
    field: keyFieldSchema.pick({ label: true, pattern: true, help: true }).optional(),
    /** How a key is made. Default: one sentence. */
    steps: z.array(lineSchema).min(1).max(10).optional(),
    /** Default: the account is a keyed hash of the key, so that another key is another account. */
    identity: identitySchema.optional(),
    health: healthSchema,
  })
  .refine(({ header, basic }) => (header === undefined) !== (basic === undefined), {
    path: ['header'],
    message: 'must be there, or basic, and not both',
  })

/** A user name and a password in HTTP Basic (RFC 7617). */
const basicPresetSchema = z.strictObject({
  preset: z.literal('basic'),
  ...common,
  base,
  /** How the password is found or made. Default: one sentence. */
  steps: z.array(lineSchema).min(1).max(10).optional(),
  /** Default: the user name is the account. */
  identity: identitySchema.optional(),
  health: healthSchema,
})

/** A few values in place of a definition. */
export const presetSchema = z.discriminatedUnion('preset', [
  oauth2PresetSchema,
  oidcPresetSchema,
  apiKeyPresetSchema,
  basicPresetSchema,
])
