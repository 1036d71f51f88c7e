import { z } from 'zod'
import { originSchema } from './connect.ts'
import { apiKeyIdSchema, providerNameSchema, tenantIdSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'

/**
 * What a key is for; it may have several roles.
 *
 * - `admin`: configures everything, and reads no credential
 * - `backend`: what an app's backend does, with the SDK: read credentials, make sessions, disconnect
 * - `agent`: runs tools as users, and asks for approvals; it decides none, and reads no credential
 * - `connect`: makes and confirms connect sessions, and reads no credential
 * - `read_only`: looks at connections, integrations, webhooks and metrics
 * - `audit`: reads the audit log, events of webhooks and metrics
 */
export const apiKeyRoles = ['admin', 'backend', 'agent', 'connect', 'read_only', 'audit'] as const
export const apiKeyRoleSchema = z.enum(apiKeyRoles)
export type ApiKeyRole = z.infer<typeof apiKeyRoleSchema>

const unique = <Item>(items: Item[]): Item[] => [...new Set(items)]
/** People read it in a terminal. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must have no control or invisible characters')

/** `POST /v1/api-keys`. */
export const createApiKeySchema = knownFields({
  /** For people: who holds it. */
  name,
  roles: z.array(apiKeyRoleSchema).min(1).transform(unique),
  /** The only tenants that it may act for. Default: all. */
  tenants: z.array(tenantIdSchema).min(1).max(100).transform(unique).optional(),
  /** The only providers that it may deal with, in the catalogue or not yet. Default: all. */
  providers: z.array(providerNameSchema).min(1).max(50).transform(unique).optional(),
  /**
   * The only origins that its connect sessions may name, return URL included. Default: all that the
   * installation allows.
   */
  origins: z.array(originSchema).min(1).max(100).transform(unique).optional(),
  /** When it ends. Default: never. */
  expiresAt: z.iso.datetime().optional(),
})
export type CreateApiKey = z.input<typeof createApiKeySchema>

/** Longest time for which a key and its successor are both live, in seconds: 30 days. */
const maxOverlapSeconds = 30 * 86_400

/** `POST /v1/api-keys/:apiKeyId/rotate`. */
export const rotateApiKeySchema = knownFields({
  /** For how long the old key stays live. Default: 86,400, a day. */
  overlapSeconds: z.number().int().min(0).max(maxOverlapSeconds).default(86_400),
})
export type RotateApiKey = z.input<typeof rotateApiKeySchema>

/** A key as it is shown: never the key itself. */
export const apiKeySchema = z.object({
  id: apiKeyIdSchema,
  name: z.string(),
  roles: z.array(apiKeyRoleSchema),
  /** Null: all tenants. */
  tenants: z.array(z.string()).nullable(),
  /** Null: all providers. */
  providers: z.array(z.string()).nullable(),
  /** Null: all that the installation allows. */
  origins: z.array(z.string()).nullable(),
  status: z.enum(['live', 'expired', 'revoked']),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  /** Right to the minute. */
  lastUsedAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  /** Its successor, once it was rotated. */
  replacedBy: apiKeyIdSchema.nullable(),
})
export type ApiKey = z.infer<typeof apiKeySchema>

export const apiKeyListSchema = z.object({ apiKeys: z.array(apiKeySchema) })

/** The one answer that shows a key, right after it was made. */
export const apiKeyWithSecretSchema = apiKeySchema.extend({ key: z.string() })
export type ApiKeyWithSecret = z.infer<typeof apiKeyWithSecretSchema>
