import { z } from 'zod'
import { connectionSchema } from './connections.ts'
import {
  connectionIdSchema,
  integrationIdSchema,
  providerNameSchema,
  tenantIdSchema,
} from './ids.ts'

/** A connection by an app that an administrator has installed on an account of the provider. */
export const installationSchema = connectionSchema.extend({
  /** Whose app is installed. */
  integrationId: integrationIdSchema,
  /** The provider's id of the installation. */
  installationId: z.string(),
  /** What the app may do there, by the names that the provider has for it, as of the last renewal. */
  permissions: z.record(z.string(), z.string()),
  /** The provider's word for which repositories, or other parts; null: it does not say. */
  repositories: z.string().nullable(),
})
export type Installation = z.infer<typeof installationSchema>

/** `GET /v1/installations`. */
export const listInstallationsSchema = z.object({
  tenantId: tenantIdSchema,
  provider: providerNameSchema.optional(),
  /** Answers at most this many, at most 500. Default: 100. */
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `nextCursor` of the page before. */
  cursor: connectionIdSchema.optional(),
})

export const installationListSchema = z.object({
  installations: z.array(installationSchema),
  nextCursor: connectionIdSchema.nullable(),
})
export type InstallationList = z.infer<typeof installationListSchema>

/** Whose it is, in `GET` and `DELETE /v1/installations/:connectionId`. */
export const installationOwnerSchema = z.object({ tenantId: tenantIdSchema })
