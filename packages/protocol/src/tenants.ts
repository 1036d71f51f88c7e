import { z } from 'zod'
import { methodIdSchema, providerNameSchema, tenantIdSchema } from './ids.ts'

/** Grants at one host; counts, since what is left to do there is the same for each. */
const grantsSchema = z.object({
  provider: providerNameSchema,
  host: z.string(),
  count: z.int().positive(),
})

/** `GET /v1/tenants/:tenantId`, and the answer of `DELETE`. */
export const tenantSchema = z.object({
  tenantId: tenantIdSchema,
  /**
   * `erasing`: nothing can be connected any more; connections are removed, and their grants withdrawn.
   * `erased`: its keys are destroyed, and the id is never used again.
   */
  state: z.enum(['active', 'erasing', 'erased']),
  erasingSince: z.iso.datetime().nullable(),
  erasedAt: z.iso.datetime().nullable(),
  /** What there is; while it is erased, what there still is. */
  holds: z.object({
    connections: z.int().nonnegative(),
    integrations: z.int().nonnegative(),
    webhooks: z.int().nonnegative(),
  }),
  /** Grants that are to be withdrawn at the provider, and are tried for up to seven days. */
  pending: z.array(grantsSchema),
  /**
   * What remains at the provider, since it refused, could not be reached, or only the user may withdraw it
   * (API keys): to be removed at `manualUrl` by its owner.
   */
  manual: z.array(
    grantsSchema.extend({
      method: methodIdSchema,
      type: z.enum(['oauth_token', 'api_key', 'basic', 'webhook_secret']),
      manualUrl: z.string(),
    }),
  ),
})
export type Tenant = z.infer<typeof tenantSchema>

/** `DELETE /v1/tenants/:tenantId`. */
export const eraseTenantSchema = z.object({
  /** Destroys the keys without waiting for the providers: what was not withdrawn until then lives on there. */
  now: z.enum(['true', 'false']).default('false'),
})
