import { z } from 'zod'
import type { ErrorCode, KeywellError } from './errors.ts'

/**
 * Why a tool call failed, in the words that agents get, and the error code that the app's backend gets for it: by who
 * refused. `keywell`: nothing was sent, or the answer could not be used. `provider`: the provider said no.
 */
const table = {
  TOOL_NOT_FOUND: { keywell: 'unknown_tool' },
  NOT_CONNECTED: { keywell: 'not_connected' },
  NEEDS_REAUTH: { keywell: 'needs_reauth', provider: 'needs_reauth' },
  TOOL_NOT_ALLOWED: { keywell: 'not_allowed_for_tenant' },
  READ_ONLY: { keywell: 'not_allowed_for_tenant' },
  SCOPE_MISSING: { keywell: 'scope_missing', provider: 'scope_missing' },
  VALIDATION_ERROR: { keywell: 'invalid_request', provider: 'provider_refused' },
  APPROVAL_REQUIRED: { keywell: 'approval_required' },
  APPROVAL_DENIED: { keywell: 'approval_denied' },
  RATE_LIMITED: { keywell: 'rate_limited', provider: 'provider_refused' },
  TOO_LARGE: { keywell: 'answer_too_large' },
  HOST_NOT_ALLOWED: { keywell: 'host_not_allowed' },
  /** For a token that is not in a vault, such as that of a stdio server. */
  AUTH_FAILED: { provider: 'provider_refused' },
  FORBIDDEN: { provider: 'provider_refused' },
  PROJECT_NOT_FOUND: { provider: 'provider_refused' },
  REPOSITORY_NOT_FOUND: { provider: 'provider_refused' },
  BRANCH_NOT_FOUND: { provider: 'provider_refused' },
  ISSUE_NOT_FOUND: { provider: 'provider_refused' },
  MERGE_REQUEST_NOT_FOUND: { provider: 'provider_refused' },
  PULL_REQUEST_NOT_FOUND: { provider: 'provider_refused' },
  PIPELINE_NOT_FOUND: { provider: 'provider_refused' },
  NOT_FOUND: { provider: 'provider_refused' },
  CONFLICT: { keywell: 'conflict', provider: 'provider_refused' },
  IDENTITY_VERIFICATION_REQUIRED: { provider: 'provider_refused' },
  PREMIUM_REQUIRED: { provider: 'provider_refused' },
  CONNECTION_ERROR: { provider: 'provider_error' },
  API_ERROR: { provider: 'provider_error' },
} as const satisfies Record<string, { keywell?: ErrorCode; provider?: ErrorCode }>

export type ToolErrorCode = keyof typeof table
// Object.keys forgets the literal types; the table above is the proof.
export const toolErrorCodes = Object.keys(table) as ToolErrorCode[]

/** Who refused. */
export const refusedBySchema = z.enum(['keywell', 'provider'])
export type RefusedBy = z.infer<typeof refusedBySchema>

/** The error code of a call that failed so. */
export function errorCodeOf(code: ToolErrorCode, refusedBy: RefusedBy): ErrorCode {
  const row: { keywell?: ErrorCode; provider?: ErrorCode } = table[code]
  return row[refusedBy] ?? row.provider ?? row.keywell ?? 'internal'
}

/** What a failed tool call says beside what every error says: member `tool` of the problem. */
export const toolFailureSchema = z.object({
  /** Name of the tool. */
  name: z.string(),
  code: z.enum(toolErrorCodes),
  refusedBy: refusedBySchema,
  /** Of the call in the audit log; absent where nothing was to be sent. */
  executionId: z.string().optional(),
  /** HTTP status of the provider. */
  providerStatus: z.int().optional(),
  /** The provider's own id of the request. */
  providerRequestId: z.string().optional(),
  /** A change was sent, and there is no answer: it may have been made. */
  outcome: z.literal('unknown').optional(),
  /** With `VALIDATION_ERROR`: each argument and what is wrong. */
  issues: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
  /** With a code that ends in `NOT_FOUND`: names that there are and that this user can see. */
  similar: z.array(z.string()).optional(),
  /**
   * What the code leaves open, in one word: of `CONFLICT`, such as `stale`; and of an `Idempotency-Key`, `in_progress`,
   * `other_call`, `outcome_unknown`, or `done` where the result is not kept.
   */
  reason: z.string().optional(),
  /** With the reason `outcome_unknown` or `done`: the tool that shows whether the change was made, or what it made. */
  readingTool: z.string().optional(),
  /** With `SCOPE_MISSING`, where they are known. */
  grantedScopes: z.array(z.string()).optional(),
  /** With `APPROVAL_REQUIRED`. */
  approvalId: z.string().optional(),
  approvalUrl: z.string().optional(),
  approvalEndsAt: z.iso.datetime().optional(),
})
export type ToolFailure = z.infer<typeof toolFailureSchema>

/** A failed tool call as agents get it: in results of adapters and of MCP. */
export interface AgentError {
  readonly error: true
  readonly code: ToolErrorCode
  readonly message: string
  readonly tool_name: string
  /** What to do now. */
  readonly suggestion: string
  /** What the code leaves open, in one word. */
  readonly reason?: string
  /** The tool that shows what became of a change. */
  readonly reading_tool?: string
  /** Seconds. */
  readonly retry_after?: number
  readonly missing_scopes?: readonly string[]
  readonly connect_url?: string
  readonly approval_id?: string
  readonly approval_url?: string
  readonly similar?: readonly string[]
  readonly issues?: readonly { readonly field: string; readonly problem: string }[]
}

/** Undefined: it is no error of a tool call. */
export function agentErrorOf(error: KeywellError): AgentError | undefined {
  const { tool, retryAfterMs, missingScopes, connectUrl } = error
  if (tool === undefined) return undefined
  return {
    error: true,
    code: tool.code,
    message: error.detail,
    tool_name: tool.name,
    suggestion: error.nextStep,
    ...(tool.reason !== undefined && { reason: tool.reason }),
    ...(tool.readingTool !== undefined && { reading_tool: tool.readingTool }),
    ...(retryAfterMs !== undefined && { retry_after: Math.ceil(retryAfterMs / 100) / 10 }),
    ...(missingScopes !== undefined && { missing_scopes: missingScopes }),
    ...(connectUrl !== undefined && { connect_url: connectUrl }),
    ...(tool.approvalId !== undefined && { approval_id: tool.approvalId }),
    ...(tool.approvalUrl !== undefined && { approval_url: tool.approvalUrl }),
    ...(tool.similar !== undefined && { similar: tool.similar }),
    ...(tool.issues !== undefined && { issues: tool.issues }),
  }
}
