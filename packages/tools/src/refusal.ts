/** Why a call fails, before it is an error. */
import {
  errorCodeOf,
  KeywellError,
  type ReauthReason,
  type RefusedBy,
  type ToolErrorCode,
  type ToolFailure,
} from '@keywell/protocol'
import type { ToolDefinition } from './definition.ts'
import type { Arguments } from './read-arguments.ts'

export interface Refusal {
  readonly code: ToolErrorCode
  /** What happened. Of the provider's text it quotes at most 200 characters. */
  readonly message: string
  readonly nextStep: string
  readonly retryAfterMs?: number
  readonly missingScopes?: readonly string[]
  readonly connectUrl?: string
  readonly reauthReason?: ReauthReason
  readonly more?: Partial<
    Pick<
      ToolFailure,
      | 'outcome'
      | 'issues'
      | 'similar'
      | 'reason'
      | 'readingTool'
      | 'grantedScopes'
      | 'approvalId'
      | 'approvalUrl'
      | 'approvalEndsAt'
    >
  >
}

/** A call that the provider answered with anything but success. */
export interface FailedCall {
  readonly tool: ToolDefinition
  readonly arguments: Arguments
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /** What the body says as JSON, without secrets; undefined: it is not JSON. */
  readonly body: unknown
  /** Its texts in one line. */
  readonly text: string
}

/** Undefined: it says nothing of such a call. */
export type RefusalRule = (failed: FailedCall) => Refusal | undefined

interface FailureContext {
  readonly refusedBy: RefusedBy
  readonly executionId?: string
  readonly providerStatus?: number
  readonly providerRequestId?: string
}

export function errorOf(tool: string, refusal: Refusal, context: FailureContext): KeywellError {
  const { code, message, nextStep, more, retryAfterMs, missingScopes, connectUrl } = refusal
  return new KeywellError(errorCodeOf(code, context.refusedBy), message, {
    nextStep,
    retryAfterMs,
    missingScopes,
    connectUrl,
    reason: refusal.reauthReason,
    tool: { name: tool, code, ...context, ...more },
  })
}

/** One of Keywell's own: nothing was sent, or what came cannot be used. */
export function refuse(tool: string, refusal: Refusal): never {
  throw errorOf(tool, refusal, { refusedBy: 'keywell' })
}
