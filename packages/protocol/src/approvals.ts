import { z } from 'zod'
import { approvalIdSchema, tenantIdSchema, userIdSchema } from './ids.ts'
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
