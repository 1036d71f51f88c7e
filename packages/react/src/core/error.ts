import type { ErrorCode, ProviderReason } from '@keywell/protocol'

/**
 * Why a call or a flow failed, in the browser. Branch on `code`; give `requestId` to the operator.
 *
 * `message` is for developers; the sentences for users are in `messages.ts`. This is not protocol's
 * `KeywellError`, because importing that one would add zod to the bundle.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError'
  // Declared, so that the constructor alone is in the bundle.
  declare readonly code: ErrorCode
  /** Whether the same click may work a moment later. */
  declare readonly retryable: boolean
  declare readonly requestId: string | undefined
  /** With `provider_error`, where it is known: why the provider refused. */
  declare readonly providerReason: ProviderReason | undefined

  constructor(code: ErrorCode, message: string, details?: ConnectErrorDetails) {
    super(message)
    Object.assign(this, { retryable: true }, details, { code })
  }
}

interface ConnectErrorDetails {
  /** Default: true. */
  retryable?: boolean
  requestId?: string | undefined
  providerReason?: ProviderReason | undefined
}

/** Any thrown value as a `ConnectError`. `fetch` throws a `TypeError` while the network is down. */
export function asConnectError(thrown: unknown): ConnectError {
  return thrown instanceof ConnectError ? thrown : new ConnectError('unavailable', String(thrown))
}
