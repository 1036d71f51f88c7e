import type { ErrorCode, ProviderReason } from '@keywell/protocol'

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
  /** With `provider_error`: what stood in the way at the provider, where that is known. */
  readonly providerReason: ProviderReason | undefined

  constructor(
    code: ErrorCode,
    message: string,
    retryable = true,
    requestId?: string,
    providerReason?: ProviderReason,
  ) {
    super(message)
    this.code = code
    this.retryable = retryable
    this.requestId = requestId
    this.providerReason = providerReason
  }
}

/** Whatever was thrown, as a `ConnectError`: a network that is down throws a `TypeError`. */
export function asConnectError(thrown: unknown): ConnectError {
  return thrown instanceof ConnectError ? thrown : new ConnectError('unavailable', String(thrown))
}
