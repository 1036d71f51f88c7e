import { type ErrorCode, KeywellError } from '@keywell/protocol'
import { OutboundError, type OutboundFailure } from '../outbound/errors.ts'

const codes: Readonly<Record<OutboundFailure, ErrorCode>> = {
  refused_url: 'host_not_allowed',
  refused_address: 'host_not_allowed',
  refused_by_proxy: 'host_not_allowed',
  definition_outgrown: 'host_not_allowed',
  refused_request: 'invalid_request',
  throttled: 'unavailable',
  too_large: 'answer_too_large',
  unreachable: 'provider_error',
  tls: 'provider_error',
  timeout: 'provider_error',
  aborted: 'provider_error',
  reset: 'provider_error',
  bad_answer: 'provider_error',
  redirect: 'provider_error',
}

/** The error of a request as a user that got no answer. Anything else is thrown as it is. */
export function failureOf(error: unknown, { method }: { method: string }): unknown {
  if (!(error instanceof OutboundError)) return error
  const { reason, message, notSent, retryAfterMs } = error
  const isUnknown = !notSent && method !== 'GET' && method !== 'HEAD'
  return new KeywellError(codes[reason], message, {
    ...(retryAfterMs !== null && { retryAfterMs }),
    ...(isUnknown && {
      nextStep: 'It may have been done: look at the provider before it is sent again.',
    }),
    cause: error,
  })
}
