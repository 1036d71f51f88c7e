import { z } from 'zod'
import { providerKeySchema, providerNameSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'

const host = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2000, 'must have at most 2000 characters')
const scope = z.string().min(1).max(100)
const toolName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'is no name of a tool')

const pattern = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}\*?$/, 'is neither the name of a tool nor its beginning with *')
const placeKind = z.string().regex(/^[a-z_]{1,40}$/, 'is no kind of place')

/** How tools of one provider may be used. */
export const toolRulesSchema = knownFields({
  /** Never these: names, or beginnings of names with `*` behind. */
  denied: z.array(pattern).max(500).optional(),
  /**
   * Which calls a person approves first: none, those that destroy, those that are sensitive as well, or all that
   * change something. Default: `destroy`.
   */
  approval: z.enum(['never', 'destroy', 'sensitive', 'writes']).optional(),
  /**
   * By kind, such as `project`: the only places, as numbers, paths, or `acme/*`. A kind that is left out is not limited.
   */
  places: z.record(placeKind, z.array(z.string().min(1).max(500)).max(500)).optional(),
  /** By kind: the place that is meant where a call names none. */
  defaultPlaces: z.record(placeKind, z.string().min(1).max(500)).optional(),
  /** Shows what tools withhold otherwise, such as values of CI/CD variables. Default: false. */
  revealsValues: z.boolean().optional(),
  /** Requests of one connection within a time; 0 requests: no limit. Default: 100 in 60,000 ms. */
  rateLimit: knownFields({
    calls: z.int().min(0).max(10_000),
    windowMs: z.int().min(1_000).max(3_600_000),
  }).optional(),
  /** Bytes of a list or an object that is handed to an agent. Default: 1 MiB. */
  maxResultBytes: z.int().min(1_024).max(10_485_760).optional(),
})
export type ToolRules = z.output<typeof toolRulesSchema>

/**
 * What the operator allows a tenant: `PUT /v1/tenants/:tenantId/policy` replaces all of it, and the last one
 * counts. What is left out is not limited; an empty list allows nothing. A field that is not known is
 * refused, since what it was meant to limit would go free.
 */
export const tenantPolicySchema = knownFields({
  /** Providers that may be connected and used. */
  providers: z.array(providerNameSchema).max(50).optional(),
  /** Hosts that may be connected and used, as base URLs. */
  hosts: z.array(host).max(100).optional(),
  /**
   * By provider, the most that a credential may do: these scopes and what they imply. A provider that is
   * not named is not limited.
   */
  scopes: z.record(providerKeySchema, z.array(scope).max(100)).optional(),
  /**
   * By provider, the only tools that an agent may call. Whole names: a tool that comes later is not
   * allowed before it is named. A provider that is not named is not limited.
   */
  tools: z.record(providerKeySchema, z.array(toolName).max(500)).optional(),
  /** By provider, how these tools may be used. */
  toolRules: z.record(providerKeySchema, toolRulesSchema).optional(),
  /** Nothing may be changed at a provider: neither by a tool nor by a holder of the credential. */
  readOnly: z.boolean().default(false),
})
export type TenantPolicy = z.output<typeof tenantPolicySchema>
/** `PUT /v1/tenants/:tenantId/policy`. */
export type SetTenantPolicy = z.input<typeof tenantPolicySchema>

/** `GET` and `PUT /v1/tenants/:tenantId/policy`, and the answer of `DELETE`. */
export const tenantPolicyAnswerSchema = z.object({
  policy: tenantPolicySchema,
  /** Null: none was set, so that nothing is limited. */
  updatedAt: z.iso.datetime().nullable(),
})
export type TenantPolicyAnswer = z.infer<typeof tenantPolicyAnswerSchema>

/** What a policy says of the tools of one provider; it comes with the credential that they would use. */
export const toolLimitsSchema = z.object({
  /** Only tools that change nothing. */
  readOnly: z.boolean(),
  /** The only ones; null: all. */
  names: z.array(z.string()).nullable(),
})
export type ToolLimits = z.infer<typeof toolLimitsSchema>

/** Undefined: every tool of the provider is allowed. */
export function toolLimitsOf(policy: TenantPolicy, provider: string): ToolLimits | undefined {
  const names = limitOf(policy.tools, provider) ?? null
  return policy.readOnly || names !== null ? { readOnly: policy.readOnly, names } : undefined
}

/** Whether a tool may be called. `limits` as they came with the credential; undefined: there are none. */
export function allowsTool(
  limits: Readonly<ToolLimits> | undefined,
  tool: { readonly name: string; readonly readOnly: boolean },
): boolean {
  if (limits === undefined) return true
  if (limits.readOnly && !tool.readOnly) return false
  return limits.names?.includes(tool.name) ?? true
}

/** What a policy says of one provider; undefined: nothing. */
export function limitOf<Limit>(
  byProvider: Readonly<Record<string, Limit>> | undefined,
  provider: string,
): Limit | undefined {
  return byProvider !== undefined && Object.hasOwn(byProvider, provider)
    ? byProvider[provider]
    : undefined
}
