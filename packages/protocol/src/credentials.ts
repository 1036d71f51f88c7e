import { z } from 'zod'
import { accountSchema } from './connections.ts'
import {
  connectionIdSchema,
  connectionNameSchema,
  defaultConnectionName,
  hasOneOwner,
  oneOwner,
  providerNameSchema,
  scopeNameSchema,
  tenantIdSchema,
  tenantOwnerSchema,
  userIdSchema,
} from './ids.ts'
import { knownFields } from './known-fields.ts'
import { toolLimitsSchema } from './tenant-policy.ts'

/** The longest that a read may wait, in milliseconds. */
export const maxReadWaitMs = 60_000

/** `POST /v1/credentials`. */
export const readCredentialSchema = knownFields({
  provider: providerNameSchema,
  tenantId: tenantIdSchema,
  /** Whose connection: a user's; else `owner`. */
  userId: userIdSchema.optional(),
  /** In place of `userId`: the tenant's own, which an administrator has connected for all of its users. */
  owner: tenantOwnerSchema.optional(),
  /** With `userId`: where the user has not connected the provider, the tenant's own connection of that name. */
  fallback: tenantOwnerSchema.optional(),
  /** Needed only where the user has connected the provider on more than one host. */
  host: z.string().max(2000).optional(),
  /** Name of the connection. */
  connectionName: connectionNameSchema.default(defaultConnectionName),
  /** Scopes that the caller is about to use; those not granted come back as `missingScopes`. */
  scopes: z.array(scopeNameSchema).max(100).optional(),
  /** Conditional read: answers `unchanged` unless there is something newer than this generation. */
  ifNewerThan: z.int().positive().optional(),
  /**
   * Says that the generation before this one met a 401 at the provider. The service probes the token first,
   * and refreshes only if it is dead.
   */
  minGeneration: z.int().positive().optional(),
  /**
   * Milliseconds that the caller waits for a refresh or probe under way; after that the answer is
   * `refresh_in_progress`. At most 60,000. Default: 5,000.
   */
  waitMs: z.int().nonnegative().max(maxReadWaitMs).optional(),
})
  .refine(hasOneOwner, oneOwner)
  .refine(({ owner, fallback }) => owner === undefined || fallback === undefined, {
    error: 'fallback is for the connection of a user',
  })
export type ReadCredential = z.input<typeof readCredentialSchema>

export const credentialTypeSchema = z.enum(['oauth_token', 'api_key', 'basic', 'webhook_secret'])
export type CredentialType = z.infer<typeof credentialTypeSchema>

/** A header that carries a credential; its value is a secret. */
const secretHeaderSchema = z.object({ name: z.string(), value: z.string() })

/** A credential on the wire. `credential`, `fields` and the values of its headers are secrets. */
export const credentialAnswerSchema = z.object({
  unchanged: z.literal(false),
  connectionId: connectionIdSchema,
  generation: z.int().positive(),
  type: credentialTypeSchema,
  /** The access token, or the main secret of a key. */
  credential: z.string(),
  /** Ready to send, all of them. */
  headers: z.array(secretHeaderSchema).max(10),
  /** The same, where there is exactly one. */
  header: secretHeaderSchema.optional(),
  /** With a key: what its user typed, by the names of its fields, for a client that signs in itself. */
  fields: z.record(z.string(), z.string()).optional(),
  /** The end of the access token; null: it has none. */
  expiresAt: z.iso.datetime().nullable(),
  /** Milliseconds of life left, by the service's database at the time of the answer: no shared clock needed. */
  expiresInMs: z.int().nullable(),
  scopes: z.array(z.string()),
  missingScopes: z.array(z.string()),
  host: z.string(),
  account: accountSchema,
  /** What the tenant's policy says of tools that would use it; absent: they are not limited. */
  toolLimits: toolLimitsSchema.optional(),
})
export const unchangedAnswerSchema = z.object({
  unchanged: z.literal(true),
  connectionId: connectionIdSchema,
  generation: z.int().positive(),
  expiresInMs: z.int().nullable(),
})
export const readCredentialAnswerSchema = z.discriminatedUnion('unchanged', [
  credentialAnswerSchema,
  unchangedAnswerSchema,
])
export type CredentialAnswer = z.infer<typeof credentialAnswerSchema>
export type ReadCredentialAnswer = z.infer<typeof readCredentialAnswerSchema>
