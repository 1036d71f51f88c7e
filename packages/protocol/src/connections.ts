import { z } from 'zod'
import { reauthReasonSchema } from './errors.ts'
import {
  connectionIdSchema,
  connectionNameSchema,
  defaultConnectionName,
  hasAtMostOneOwner,
  hasOneOwner,
  methodIdSchema,
  oneOwner,
  ownerFields,
  providerNameSchema,
  tenantIdSchema,
  tenantOwnerSchema,
  userIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'
import { pastedLines, pastedText } from './pasted.ts'
import { providerBrandSchema } from './provider/mark.ts'

/** `needsReauth` is `expired` or `revoked`. */
export const connectionStatusSchema = z.enum(['active', 'expired', 'revoked', 'disconnected'])
export type ConnectionStatus = z.infer<typeof connectionStatusSchema>

export const healthStatusSchema = z.enum(['ok', 'degraded', 'unknown'])

export const accountSchema = z.object({
  /** The provider's stable id of the account. */
  id: z.string(),
  name: z.string().nullable(),
  username: z.string().nullable(),
  avatarUrl: z.string().nullable(),
})
export type Account = z.infer<typeof accountSchema>

/** One account at one provider that a user has connected. Holds no secret. */
export const connectionSchema = z.object({
  id: connectionIdSchema,
  tenantId: tenantIdSchema,
  /** Null: it is the tenant's own, for all of its users. */
  userId: userIdSchema.nullable(),
  provider: providerNameSchema,
  /** The provider's method that it was connected by, such as `oauth`. */
  method: methodIdSchema,
  /** Base URL of the instance, relative root included, without a slash at the end. */
  host: z.string(),
  name: connectionNameSchema,
  status: connectionStatusSchema,
  needsReauth: z.boolean(),
  reason: reauthReasonSchema.nullable(),
  health: z.object({
    status: healthStatusSchema,
    reason: z.string().nullable(),
    checkedAt: z.iso.datetime().nullable(),
  }),
  account: accountSchema,
  /** What the user granted, as the provider said. */
  scopes: z.array(z.string()),
  /** What was asked for and not granted. */
  missingScopes: z.array(z.string()),
  /**
   * False: nothing renews the credential, because it is an API key or the provider gave no refresh token.
   * Its user has to connect again at `endsAt`.
   */
  renewable: z.boolean(),
  /** When a credential that is not renewed comes to its end. Null: it has none, or it is renewed. */
  endsAt: z.iso.datetime().nullable(),
  /**
   * When the refresh token of a credential that is renewed ends, as far as is known; its user has to connect again
   * then. Each refresh moves it, unless the grant itself has an end, which `ends_soon` announces. Null: no end is known.
   */
  refreshExpiresAt: z.iso.datetime().nullable(),
  generation: z.int().positive(),
  /**
   * When a backend last asked the service for the credential; null: it has not yet. Written at most once in ten
   * minutes. A backend with the SDK serves the credential from memory in between, so its own last use may be later.
   */
  lastUsedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
export type Connection = z.infer<typeof connectionSchema>

/** A key that a person has made at a provider: it goes into a header as it is. At most 4096 characters. */
export const apiKeyValueSchema: z.ZodString = pastedText(4096)

/** A field of several lines, such as a private key in PEM or a file of JSON. At most 16384 characters. */
export const multilineValueSchema: z.ZodString = pastedLines(16_384)

/**
 * `POST /v1/connections`: a key that its user made at the provider by hand, in place of a consent. What
 * is connected under that name is replaced, if it is the same account.
 */
export const createConnectionSchema = knownFields({
  ...ownerFields,
  provider: providerNameSchema,
  /** The provider's method of keys. Default: its first. */
  method: methodIdSchema.optional(),
  /** Base URL of the instance, relative root included. Default: the provider's own. */
  host: z.string().max(2000).optional(),
  name: connectionNameSchema.default(defaultConnectionName),
  credential: z
    .object({
      type: z.literal('api_key'),
      /** The secret itself: it goes into a header, so no spaces, no line breaks and nothing but ASCII. */
      value: apiKeyValueSchema.optional(),
      /** In place of it, what a key of several fields is made of, by their names. Default: `value` is the only one. */
      fields: z.record(z.string().max(100), z.string()).optional(),
    })
    .refine(
      ({ value, fields }) => (value === undefined) !== (fields === undefined),
      'must have either value or fields',
    ),
}).refine(hasOneOwner, oneOwner)
export type CreateConnection = z.input<typeof createConnectionSchema>

export const listConnectionsSchema = z
  .object({
    tenantId: tenantIdSchema,
    userId: userIdSchema.optional(),
    /** Only those of the tenant itself. */
    owner: tenantOwnerSchema.optional(),
    provider: providerNameSchema.optional(),
    /** Answers at most this many, at most 500. Default: 100. */
    limit: z.coerce.number().int().min(1).max(500).default(100),
    /** `nextCursor` of the page before. */
    cursor: connectionIdSchema.optional(),
    /** Names of providers, with commas between them, at most 100: the answer says how people know them. */
    brands: z
      .string()
      .max(4_100)
      .transform((names) => names.split(',').filter(Boolean))
      .pipe(z.array(providerNameSchema).max(100))
      .optional(),
  })
  .refine(hasAtMostOneOwner, oneOwner)
export const connectionListSchema = z.object({
  connections: z.array(connectionSchema),
  nextCursor: connectionIdSchema.nullable(),
  /** With `brands` in the query: of the providers named there and of those of the page, as far as there are such. */
  brands: z.record(providerNameSchema, providerBrandSchema).optional(),
})
export type ConnectionList = z.infer<typeof connectionListSchema>

/** Names the owner of a connection in `GET` and `DELETE /v1/connections/:connectionId`. */
export const ownerSchema = z
  .object({
    tenantId: tenantIdSchema,
    /** When given, the connection must be this user's. */
    userId: userIdSchema.optional(),
    /** When given, the connection must be the tenant's own. */
    owner: tenantOwnerSchema.optional(),
  })
  .refine(hasAtMostOneOwner, oneOwner)

/** `POST /v1/connections/:connectionId/refresh`. */
export const refreshConnectionSchema = knownFields({
  tenantId: tenantIdSchema,
  /** When given, the connection must be this user's. */
  userId: userIdSchema.optional(),
  /** Only if the credential is of this generation still. Default: whatever it is. */
  ifGeneration: z.number().int().positive().optional(),
})

export const refreshAnswerSchema = z.object({
  /** Whether there is a newer credential than before the call, or than `ifGeneration`. */
  refreshed: z.boolean(),
  /** As it is now. */
  generation: z.int().positive(),
  /** When the access token ends; null: it has no end. */
  expiresAt: z.iso.datetime().nullable(),
  /**
   * `backoff`: the provider could not be asked, or did not answer. `ambiguous`: what an earlier request led to is not known
   * yet. `suspect`: the provider refused the credential, and is asked again. In each of them nothing is sent before its time.
   */
  state: z.enum(['idle', 'refreshing', 'backoff', 'ambiguous', 'suspect']),
  /** Milliseconds until a refresh can be asked for again; null: at once. */
  retryAfterMs: z.int().nonnegative().nullable(),
})
export type RefreshAnswer = z.infer<typeof refreshAnswerSchema>

export const disconnectAnswerSchema = z.object({
  connection: connectionSchema,
  /**
   * What became of the grant at the provider: `revoked` there too, `pending` (the provider could not
   * be reached; it is tried again), or `manual` (the user must remove it at `manualUrl`, as most API keys: they
   * are theirs, and may serve elsewhere too). `kept`: it lives on, as another connection needs it, and is withdrawn
   * with the last.
   */
  upstream: z.enum(['revoked', 'pending', 'manual', 'kept']),
  manualUrl: z.string().nullable(),
})
export type DisconnectAnswer = z.infer<typeof disconnectAnswerSchema>
