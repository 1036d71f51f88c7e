import { z } from 'zod'
import { incidentIdSchema, integrationIdSchema, providerNameSchema, tenantIdSchema } from './ids.ts'

/** A time in which a provider refuses every credential. The connections that it covers are held meanwhile. */
export const incidentSchema = z.object({
  id: incidentIdSchema,
  provider: providerNameSchema,
  host: z.string(),
  /** Null: the API keys of the host. */
  integrationId: integrationIdSchema.nullable(),
  /** Null: the connections of all tenants. */
  tenantId: tenantIdSchema.nullable(),
  beganAt: z.iso.datetime(),
  /** The refusals are taken for true, and what is refused ends. Null: the incident is open, and nothing ends. */
  confirmedAt: z.iso.datetime().nullable(),
  /** How many were refused since a connection was last answered well. */
  refusals: z.int().nonnegative(),
})
export type Incident = z.infer<typeof incidentSchema>

export const incidentListSchema = z.object({ incidents: z.array(incidentSchema) })
