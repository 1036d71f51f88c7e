import { z } from 'zod'
import { approvalIdSchema, tenantIdSchema, userIdSchema } from './ids.ts'
import { knownFields } from './known-fields.ts'
import { approvalSchema, approvalStateSchema } from './tool-calls.ts'

/** `GET /v1/approvals`: the newest first. */
export const listApprovalsSchema = z.object({
  tenantId: tenantIdSchema,
  userId: userIdSchema.optional(),
  state: approvalStateSchema.optional(),
  /** Answers at most this many, at most 100. Default: 50. */
  limit: z.coerce.number().int().min(1).max(100).default(50),
})
export type ListApprovals = z.input<typeof listApprovalsSchema>

/** `GET /v1/approvals/:approvalId`. */
export const readApprovalSchema = z.object({ tenantId: tenantIdSchema })

export const approvalParamsSchema = z.object({ approvalId: approvalIdSchema })

export const approvalListSchema = z.object({ approvals: z.array(approvalSchema) })
export type ApprovalList = z.infer<typeof approvalListSchema>

/** `POST /v1/approvals/:approvalId/links`. */
export const createApprovalLinkSchema = knownFields({
  tenantId: tenantIdSchema,
  /** Who is signed in at the app, and decides. By default it must be the user whose call it is. */
  userId: userIdSchema,
  /** They may decide calls of other users and of the tenant, as an administrator may. Default: false. */
  forOthers: z.boolean().default(false),
})
export type CreateApprovalLink = z.input<typeof createApprovalLinkSchema>

export const approvalLinkSchema = z.object({
  /** For the browser of the person, at once: it opens the page of the approval, once. A secret. */
  url: z.string(),
  expiresAt: z.iso.datetime(),
})
export type ApprovalLink = z.infer<typeof approvalLinkSchema>
