import { z } from 'zod'
import { auditCallSchema } from './audit-call.ts'
import { auditEntryIdSchema, tenantIdSchema } from './ids.ts'

/** Whose log: a tenant's, or `@install`, where acts stand that belong to no tenant. */
export const auditTenantSchema = z.union([tenantIdSchema, z.literal('@install')])

export const auditResultSchema = z.enum(['ok', 'denied', 'failed', 'intent'])
export type AuditResult = z.infer<typeof auditResultSchema>

/** Who did what, when, and what came of it. Never holds a secret. */
export const auditEntrySchema = z.object({
  id: z.string(),
  tenantId: z.string(),
  at: z.iso.datetime(),
  /** `key:key_…`, `user:…`, `mcp:mcp_…` (an agent with a token of MCP), `browser` (a page of the service), `operator` or `service`. */
  actor: z.string(),
  /** E.g. `credential.read`. */
  action: z.string(),
  userId: z.string().nullable(),
  connectionId: z.string().nullable(),
  generation: z.int().nullable(),
  /** An act outside has two entries: `intent` before it, and what came of it. */
  result: auditResultSchema,
  /** A stable word, e.g. an error code. */
  reason: z.string().nullable(),
  requestId: z.string().nullable(),
  /** Of `tool.call` and `request.send`: what was called, and what came of it. Null: of any other act. */
  call: auditCallSchema.nullable(),
  /** Its place in the tenant's chain; null for the moment until it is linked. */
  position: z.int().positive().nullable(),
})
export type AuditLogEntry = z.infer<typeof auditEntrySchema>

const exact = z.string().min(1).max(300)

/** `GET /v1/audit`. */
export const searchAuditSchema = z.object({
  tenantId: auditTenantSchema,
  userId: exact.optional(),
  connectionId: exact.optional(),
  actor: exact.optional(),
  action: exact.optional(),
  result: auditResultSchema.optional(),
  /** Not before this time. */
  from: z.iso.datetime({ offset: true }).optional(),
  /** Before this time. */
  to: z.iso.datetime({ offset: true }).optional(),
  /** Answers at most this many, at most 500. Default: 100. */
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `nextCursor` of the page before. */
  cursor: z.union([auditEntryIdSchema, z.string().regex(/^[1-9]\d{0,14}$/)]).optional(),
})
export type SearchAudit = z.input<typeof searchAuditSchema>

export const auditPageSchema = z.object({
  /** Newest first. */
  entries: z.array(auditEntrySchema),
  nextCursor: z.string().nullable(),
})
export type AuditPage = z.infer<typeof auditPageSchema>

/** `GET /v1/audit/export`: one line of JSON for each entry, in the order of the chain. */
export const exportAuditSchema = z.object({
  tenantId: auditTenantSchema,
  /** `ocsf`: events of the class API Activity, OCSF 1.6.0. */
  format: z.enum(['ndjson', 'ocsf']).default('ndjson'),
  /** Begins behind this position: the last one of an export that ended early, or of yesterday's. */
  after: z.coerce.number().int().min(0).default(0),
})

/** A line of the export as NDJSON. With its link it pins the chain up to here. */
export const auditLineSchema = auditEntrySchema.extend({
  position: z.int().positive(),
  /** In base64url. */
  link: z.string(),
})
export type AuditLine = z.infer<typeof auditLineSchema>

/** `GET /v1/audit/head`. */
export const auditHeadQuerySchema = z.object({ tenantId: auditTenantSchema })

export const auditHeadSchema = z.object({
  /** The newest signed end of the tenant's chain; null: there is none yet. */
  head: z
    .object({
      position: z.int().positive(),
      at: z.iso.datetime(),
      /** A JWT (EdDSA). Keep it elsewhere: what it names cannot be cut off unnoticed. */
      token: z.string(),
    })
    .nullable(),
  /** What checks its signature: the token's issuer, and a JSON Web Key Set. */
  issuer: z.string(),
  keys: z.array(z.looseObject({ kty: z.string() })),
})
export type AuditHead = z.infer<typeof auditHeadSchema>
