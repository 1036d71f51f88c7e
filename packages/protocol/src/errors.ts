import { z } from 'zod'
import { type ToolFailure, toolFailureSchema } from './tool-errors.ts'

/**
 * Every way in which a call can fail: HTTP status, and the next step that is right for everyone.
 * The union is closed; a new code is a reviewed change here, and callers `switch` over it.
 */
const table = {
  invalid_request: [400, 'Correct the field that is named in the detail.'],
  unknown_provider: [400, 'List what there is with GET /v1/providers.'],
  host_not_allowed: [
    400,
    'Use a host that an integration exists for, or ask the operator to allow it.',
  ],
  host_required: [
    400,
    'Name the host on the button, or the default one when the connect session is made (defaultHosts).',
  ],
  method_not_offered: [
    400,
    'Use a method that the provider has and that the connect session allows (methods).',
  ],
  scope_not_allowed: [400, 'Ask only for scopes that the connect session allows.'],
  not_allowed_for_tenant: [
    403,
    'Stay within what the detail names, or ask the operator: PUT /v1/tenants/:tenantId/policy.',
  ],
  integration_missing: [
    409,
    'Register an OAuth app at the provider and add it with POST /v1/integrations.',
  ],
  unauthorized: [401, 'Send a valid key: Authorization: Bearer <API key>.'],
  key_in_browser: [403, 'This key has been in a browser. Replace it, and call from a backend.'],
  forbidden: [403, 'Use an API key whose roles and limits allow this call.'],
  origin_not_allowed: [403, "Add the page's origin to the connect session's origins."],
  not_found: [404, 'Check the id, and that it belongs to this tenant and user.'],
  not_connected: [404, 'Ask the user to connect the account, with <ConnectButton/> or connectUrl.'],
  session_expired: [410, 'Make a new connect session and start again.'],
  flow_expired: [410, 'Start again with the connect button.'],
  invalid_definition: [422, 'Correct each place that problems names.'],
  provider_reserved: [
    409,
    'Choose another name, or say overrides: true where a bundled provider is meant to be replaced.',
  ],
  tenant_erased: [410, 'Use another tenant id; this one is never used again.'],
  conflict: [409, 'Read it again, and repeat the change if it is still wanted.'],
  flow_mismatch: [403, 'Start again, and finish in the same browser, signed in as the same user.'],
  access_denied: [403, 'The user said no at the provider. Offer to try again.'],
  key_refused: [
    422,
    'Check that the key was copied whole, is neither revoked nor expired, and was made on this host.',
  ],
  code_refused: [422, 'Ask the user for the code that the page shows, and send it once more.'],
  account_mismatch: [
    409,
    'Sign in at the provider with the account that was connected before, or disconnect it first.',
  ],
  needs_reauth: [409, 'Ask the user to connect again, where the detail says why.'],
  not_renewable: [
    409,
    'Nothing renews this credential: wait for its end, and ask the user to connect again then.',
  ],
  scope_missing: [403, 'Ask the user to connect again with the missing scopes.'],
  refresh_in_progress: [503, 'Try again after retryAfterMs.'],
  credential_unreadable: [
    500,
    'See the service log for the request id; the stored record was kept.',
  ],
  provider_error: [
    502,
    'The provider gave an answer that cannot be used. Try again, or see the log.',
  ],
  provider_refused: [424, 'Do what the provider asks for, then call again.'],
  unknown_tool: [404, 'List what there is with GET /v1/tools.'],
  approval_required: [403, 'Let a person approve the call, then repeat it with the approvalId.'],
  approval_denied: [403, 'A person said no. Do not try again.'],
  answer_too_large: [413, 'Ask for less: a smaller page, or a smaller part.'],
  webhook_invalid: [
    400,
    'Pass the body as it came, byte for byte, with its headers, and the secret of this endpoint.',
  ],
  webhook_stale: [400, 'Check the clock of this machine; the message was sent at another time.'],
  webhook_repeated: [409, 'Ignore it: this very message was handed out before.'],
  rate_limited: [429, 'Slow down; try again after retryAfterMs.'],
  payload_too_large: [413, 'Send a smaller body.'],
  unsupported_media_type: [415, 'Send JSON, with Content-Type: application/json.'],
  unavailable: [503, 'Try again shortly. Check that the service is up and its database reachable.'],
  internal: [500, 'Report the request id to the operator.'],
} as const satisfies Record<string, readonly [status: number, nextStep: string]>

export type ErrorCode = keyof typeof table

// Object.keys forgets the literal types; the table above is the proof.
export const errorCodes = Object.keys(table) as ErrorCode[]
export const errorCodeSchema = z.enum(errorCodes)

/** The HTTP status that goes with a code. */
export function statusOf(code: ErrorCode): number {
  return table[code][0]
}

/**
 * Why a connection needs its user: `revoked` by them or an administrator, or lost without their act.
 * `token_expired`: nothing renews the credential, an API key or a token without a refresh token, and it
 * has come to its end. `refresh_expired`: the refresh token has come to its end. `sign_in_again`: a policy of the
 * provider asks for a new sign-in.
 */
export const reauthReasonSchema = z.enum([
  'revoked',
  'refresh_expired',
  'lost_rotation',
  'token_expired',
  'sign_in_again',
])
export type ReauthReason = z.infer<typeof reauthReasonSchema>

/**
 * Why a provider did not let an account in after its user consented, as far as it is known. After
 * `provider_unavailable` and `answer_unusable` a later attempt may succeed; the others need a person to act.
 */
export const providerReasonSchema = z.enum([
  /** Failing, overloaded or silent. */
  'provider_unavailable',
  'terms_not_accepted',
  /** Also deactivated, banned, or waiting for approval. */
  'account_blocked',
  'two_factor_required',
  /** Something in front of the provider takes the service for a robot. */
  'robot_check',
  /** Somebody there has to approve the app first. */
  'approval_pending',
  /** Refused without a reason that is known. */
  'access_refused',
  /** The integration's client. */
  'client_rejected',
  /** Scopes or redirect URI. */
  'request_rejected',
  'answer_unusable',
])
export type ProviderReason = z.infer<typeof providerReasonSchema>

/** Where each code has a heading that says what it means, what to do, and whether to try again. */
const errorsPage = 'https://github.com/keywell/keywell/blob/main/apps/docs/reference/errors.md'

/** What a failed call answers, as `application/problem+json` (RFC 9457). */
export const problemSchema = z.object({
  /** Address of the documentation of `code`. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: errorCodeSchema,
  /** What happened, for the developer; never contains a secret. */
  detail: z.string(),
  /** What to do now, in words. */
  nextStep: z.string(),
  requestId: z.string().optional(),
  /** With `needs_reauth`. */
  reason: reauthReasonSchema.optional(),
  /** With `provider_error`, where it is known. */
  providerReason: providerReasonSchema.optional(),
  /** With `not_connected`, `needs_reauth`, `scope_missing` and `not_allowed_for_tenant`, where connecting helps: a page of the app that starts it. */
  connectUrl: z.string().optional(),
  /** With `scope_missing`. */
  missingScopes: z.array(z.string()).optional(),
  /** With `host_required`: those that there are. */
  hosts: z.array(z.string()).optional(),
  /** With `invalid_definition`: each place, as a JSON pointer (RFC 6901) into the definition, and what is wrong there. */
  problems: z.array(z.object({ pointer: z.string(), reason: z.string() })).optional(),
  retryAfterMs: z.int().nonnegative().optional(),
  /** Of a tool call: why it failed, in the words that agents get. */
  tool: toolFailureSchema.optional(),
})
export type Problem = z.infer<typeof problemSchema>

/** A place in a definition, as a JSON pointer, and what is wrong there. */
export interface DefinitionFault {
  readonly pointer: string
  readonly reason: string
}

export interface ErrorDetails {
  requestId?: string | undefined
  reason?: ReauthReason | undefined
  providerReason?: ProviderReason | undefined
  connectUrl?: string | undefined
  missingScopes?: readonly string[] | undefined
  hosts?: readonly string[] | undefined
  problems?: readonly DefinitionFault[] | undefined
  /** Milliseconds; also sent as `Retry-After`. */
  retryAfterMs?: number | undefined
  nextStep?: string | undefined
  tool?: ToolFailure | undefined
  /** Kept for the log; never sent. */
  cause?: unknown
}

/** On every KeywellError, of whatever copy of this package: what `isKeywellError` looks for. */
const brand = Symbol.for('@keywell/protocol/error')

/**
 * The one error class of Keywell. Branch on `code`; `message` says what happened and what to do next; quote
 * `requestId`. Where two copies of this package may be installed, ask `isKeywellError` and not `instanceof`.
 */
export class KeywellError extends Error {
  override readonly name = 'KeywellError'
  readonly code: ErrorCode
  /** HTTP status that goes with the code. */
  readonly status: number
  /** What happened: the first part of `message`. */
  readonly detail: string
  /** What to do now, in words: the second part of `message`. */
  readonly nextStep: string
  /** Address of the documentation of `code`; on the wire it is the problem's `type`. */
  readonly docsUrl: string
  readonly requestId: string | undefined
  readonly reason: ReauthReason | undefined
  readonly providerReason: ProviderReason | undefined
  readonly connectUrl: string | undefined
  readonly missingScopes: readonly string[] | undefined
  readonly hosts: readonly string[] | undefined
  readonly problems: readonly DefinitionFault[] | undefined
  readonly retryAfterMs: number | undefined
  readonly tool: ToolFailure | undefined

  constructor(code: ErrorCode, detail: string, details: ErrorDetails = {}) {
    const nextStep = details.nextStep ?? table[code][1]
    super(
      `${detail}${/[.!?]$/.test(detail) ? '' : '.'} ${nextStep}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.code = code
    this.status = statusOf(code)
    this.detail = detail
    this.nextStep = nextStep
    this.docsUrl = `${errorsPage}#${code}`
    this.requestId = details.requestId
    this.reason = details.reason
    this.providerReason = details.providerReason
    this.connectUrl = details.connectUrl
    this.missingScopes = details.missingScopes
    this.hosts = details.hosts
    this.problems = details.problems
    this.retryAfterMs = details.retryAfterMs
    this.tool = details.tool
  }

  toProblem(requestId?: string): Problem {
    return {
      type: this.docsUrl,
      title: this.code.replaceAll('_', ' '),
      status: this.status,
      code: this.code,
      detail: this.detail,
      nextStep: this.nextStep,
      requestId: requestId ?? this.requestId,
      reason: this.reason,
      providerReason: this.providerReason,
      connectUrl: this.connectUrl,
      missingScopes: this.missingScopes && [...this.missingScopes],
      hosts: this.hosts && [...this.hosts],
      problems: this.problems?.map((problem) => ({ ...problem })),
      retryAfterMs: this.retryAfterMs,
      tool: this.tool && { ...this.tool },
    }
  }

  static fromProblem(problem: Problem): KeywellError {
    return new KeywellError(problem.code, problem.detail, problem)
  }

  static {
    Object.defineProperty(KeywellError.prototype, brand, { value: true })
  }
}

/**
 * Whether something that was thrown is a KeywellError, also one of another copy of this package, such as that
 * of a dependency with a version of its own.
 */
export function isKeywellError(value: unknown): value is KeywellError {
  return value instanceof Error && brand in value
}
