import { KeywellError, type ReadCredentialAnswer } from '@keywell/protocol'
import type { EvictReason } from '../hooks.ts'

/** How long a miss is remembered, in milliseconds; a change ends it at once. */
const refusalMs: Partial<Record<KeywellError['code'], number>> = {
  not_connected: 5_000,
  needs_reauth: 30_000,
  not_allowed_for_tenant: 30_000,
}

/** For how long an error stands as the answer; undefined: it says nothing about the credential. */
export function negativeTtlMs(error: KeywellError): number | undefined {
  return refusalMs[error.code]
}

/** Why such an error ends what is held. */
export function reasonOf({ code }: KeywellError): EvictReason {
  if (code === 'not_allowed_for_tenant') return 'policy'
  return code === 'needs_reauth' ? 'needs_reauth' : 'disconnected'
}

/** An error of its own for each caller, so that its stack is that of the call. */
export function copyOf(error: KeywellError): KeywellError {
  return new KeywellError(error.code, error.detail, { ...error, cause: error })
}

export function asKeywellError(error: unknown): KeywellError {
  if (error instanceof KeywellError) return error
  return new KeywellError('internal', 'The SDK failed while it asked the service.', {
    cause: error,
  })
}

/** An old row that was restored (T15), or a replica that lags. */
export function tooOld(answer: ReadCredentialAnswer, seen: number): KeywellError {
  return new KeywellError(
    'credential_unreadable',
    `The service answered generation ${answer.generation} of ${answer.connectionId}, but ${seen} was seen before.`,
    {
      nextStep:
        "An older record may have been restored. See the connection's audit log, and have the user connect again.",
    },
  )
}

/** Each answer was out of date before it arrived. */
export function overtaken(): KeywellError {
  return new KeywellError('refresh_in_progress', 'The connection changed while it was read.', {
    retryAfterMs: 100,
  })
}

export function expired(answer: ReadCredentialAnswer): KeywellError {
  return new KeywellError(
    'refresh_in_progress',
    `The service answered a credential of ${answer.connectionId} that has expired.`,
    { retryAfterMs: 1_000 },
  )
}
