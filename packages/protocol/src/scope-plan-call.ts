import { z } from 'zod'
import { providerNameSchema, tenantIdSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'

const names = z.array(z.string().min(1).max(300)).max(500)

/** `POST /v1/scopes/plan`. */
export const planScopesSchema = knownFields({
  provider: providerNameSchema,
  /** With a provider that this tenant has defined for itself. */
  tenantId: tenantIdSchema.optional(),
  /** Names of tools: which scopes are the least that they need. */
  tools: names.optional(),
  /** Names of scopes: which tools can be run with them, and which cannot. */
  scopes: names.optional(),
}).refine(({ tools, scopes }) => tools !== undefined || scopes !== undefined, {
  error: 'give tools, or scopes, or both',
})
export type PlanScopes = z.input<typeof planScopesSchema>

const list = z.array(z.string()).readonly()

export const plannedScopesSchema = z.object({
  /** For `tools`. */
  plan: z
    .object({
      /** In the provider's order. None of them can be left out. */
      scopes: list,
      /** For each of `scopes`, the tools that use it. */
      reasons: z.record(z.string(), list),
      /** Other sets that cover the tools, the least powerful first. */
      alternatives: z.array(list).readonly(),
      /** Scopes that cover the tools also for what is private, where that takes more than `scopes`. */
      privateScopes: list.exactOptional(),
      /** Tools that were not planned for: there is none of that name, or no scope that would do. */
      unavailable: z
        .array(z.object({ name: z.string(), reason: z.enum(['unknown', 'scope']) }))
        .readonly(),
    })
    .optional(),
  /** For `scopes`. */
  access: z
    .object({
      allowed: list,
      blocked: z.array(z.object({ name: z.string(), missing: list })).readonly(),
    })
    .optional(),
})
export type PlannedScopes = z.infer<typeof plannedScopesSchema>
