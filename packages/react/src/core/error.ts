import type { ErrorCode, Problem } from '@keywell/protocol'

/**
 * Why a call or a flow failed, in the browser. Branch on `code`, quote `requestId` to the operator.
 *
 * `message` is for developers; what users read stands in `messages.ts`. This is not protocol's
 * `KeywellError`, because importing that one would bring zod into the bundle.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  readonly code: ErrorCode
  /** Whether the same click may work a moment later. */
  readonly retryable: boolean
  readonly requestId: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    details: { retryable: boolean; requestId?: string | undefined; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable
    this.requestId = details.requestId
  }
}

/** Reads a `problem+json` answer; a body that is none (a proxy's page, say) becomes `unavailable`. */
export function errorOfAnswer(status: number, body: Partial<Problem> | undefined): ConnectError {
  const retryable = status >= 500 || status === 429 || status === 410
  return new ConnectError(body?.code ?? 'unavailable', body?.detail ?? `HTTP ${status}`, {
    retryable,
    requestId: body?.requestId,
  })
}

/** Whatever was thrown, as a `ConnectError`: a network that is down throws a `TypeError`. */
export function asConnectError(thrown: unknown): ConnectError {
  if (thrown instanceof ConnectError) return thrown
  return new ConnectError('unavailable', String(thrown), { retryable: true, cause: thrown })
}
