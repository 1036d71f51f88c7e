import { z } from 'zod'
import { methodIdSchema, providerNameSchema, tenantIdSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'

/** Members of a JSON object, which are checked elsewhere. */
const jsonObject = z.record(z.string(), z.unknown())

/** A definition, as it is sent. */
const sentDefinition = {
  /** Whose it is. Its name begins with `x-` then, and with nothing else without a tenant. Default: the installation's. */
  tenantId: tenantIdSchema.optional(),
  /** A definition, or a preset and its values. */
  definition: jsonObject.optional(),
  /** In place of it: a bundled provider, whose definition is changed by `patch`. */
  extends: providerNameSchema.optional(),
  /** A JSON Merge Patch (RFC 7396). Default: nothing is changed. */
  patch: jsonObject.optional(),
}

const hasOneDefinition = (sent: {
  definition?: unknown
  extends?: unknown
  patch?: unknown
}): boolean =>
  (sent.definition === undefined) !== (sent.extends === undefined) &&
  (sent.patch === undefined || sent.extends !== undefined)
const oneDefinition = 'must have either definition, or extends and patch'

/** `POST /v1/custom-providers`, and the body of `PUT /v1/custom-providers/:name`. */
export const writeCustomProviderSchema = knownFields({
  ...sentDefinition,
  /** Whether it may stand in for a bundled provider of its name. Default: false. */
  overrides: z.boolean().default(false),
}).refine(hasOneDefinition, oneDefinition)
export type WriteCustomProvider = z.input<typeof writeCustomProviderSchema>

/** Whose definitions a request is about. */
export const customProviderOwnerSchema = z.object({ tenantId: tenantIdSchema.optional() })

/** `POST /v1/custom-providers/check`. */
export const checkCustomProviderSchema = knownFields({
  ...sentDefinition,
  /** Default: the first that takes what `credential` has. */
  method: methodIdSchema.optional(),
  /** Default: the definition's own. */
  host: z.string().max(2000).optional(),
  /** What a person types, by the names of the method's fields; or an access token of a method by consent. */
  credential: z
    .object({
      fields: z.record(z.string().max(100), z.string()).optional(),
      accessToken: z.string().min(1).max(20_000).optional(),
    })
    .refine(
      ({ fields, accessToken }) => (fields === undefined) !== (accessToken === undefined),
      'must have either fields or accessToken',
    ),
}).refine(hasOneDefinition, oneDefinition)
export type CheckCustomProvider = z.input<typeof checkCustomProviderSchema>

/** Where the secrets of one method may be sent. */
const reachSchema = z.object({
  method: z.string(),
  /** `client` for the client's secret, codes and refresh tokens, `api` for access tokens and keys; then the origin. */
  origins: z.array(z.string()),
})

export const customProviderSchema = z.object({
  name: providerNameSchema,
  /** Null: the installation's. */
  tenantId: tenantIdSchema.nullable(),
  /** Counts its changes, for `If-Match`. */
  version: z.int().positive(),
  /** SHA-256 of the definition, in hexadecimal. */
  digest: z.string(),
  /** Whole, also where it was made of a preset or a patch. */
  definition: jsonObject,
  reach: z.array(reachSchema),
  /** What is right, and may not be what was meant. */
  warnings: z.array(z.string()),
  /** Since when this version is in force. */
  since: z.iso.datetime(),
})
export type CustomProvider = z.infer<typeof customProviderSchema>
export const customProviderListSchema = z.object({
  customProviders: z.array(customProviderSchema),
})
export type CustomProviderList = z.infer<typeof customProviderListSchema>

export const customProviderCheckSchema = z.object({
  name: providerNameSchema,
  method: z.string(),
  host: z.string(),
  reach: z.array(reachSchema),
  /** Of the credential, as the definition reads the provider's answer. */
  health: z.enum(['active', 'inactive', 'unknown']),
  /** Why, where it is not known. */
  detail: z.string().nullable(),
  /** Where the provider says what the credential may do. */
  scopes: z.array(z.string()).nullable(),
  /** Null: the credential is not active, or the definition did not read the answer. */
  account: z
    .object({
      id: z.string(),
      name: z.string().nullable(),
      username: z.string().nullable(),
    })
    .nullable(),
  /** In their order. */
  requests: z.array(
    z.object({
      method: z.string(),
      /** Without query; what is secret is left out. */
      url: z.string(),
      /** Null: there was no answer. */
      status: z.int().nullable(),
      /** `answered`, or why there was none. */
      outcome: z.string(),
    }),
  ),
})
export type CustomProviderCheck = z.infer<typeof customProviderCheckSchema>
