import type { OutboundError } from './errors.ts'
import type { Answer } from './exchange.ts'
import { readRetryAfter } from './retry-after.ts'

/** What the outcome of a call shows about its host, without the request and its tenant. */
export type CallOutcome =
  | { readonly kind: 'good' }
  /** The host could not be reached, did not answer, or said that it is out of order. */
  | { readonly kind: 'failed' }
  /** The host works, and asks for fewer calls. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number | null }
  /** Shows nothing: the caller aborted, or nothing was sent to the host. */
  | { readonly kind: 'neutral' }

/** A refusal (4xx) is about the request: `invalid_grant` and `invalid_client` come from a healthy host. */
export function outcomeOfAnswer({ status, headers }: Answer): CallOutcome {
  if (status === 429) return { kind: 'throttled', retryAfterMs: readRetryAfter(headers) }
  return { kind: status >= 500 ? 'failed' : 'good' }
}

export function outcomeOfFailure({ reason }: OutboundError): CallOutcome {
  switch (reason) {
    case 'unreachable':
    case 'tls':
    case 'timeout':
    case 'reset':
    case 'bad_answer':
      return { kind: 'failed' }
    case 'too_large':
    case 'redirect':
      return { kind: 'good' }
    case 'aborted':
    case 'throttled':
    case 'definition_outgrown':
    case 'refused_url':
    case 'refused_address':
    case 'refused_request':
    case 'refused_by_proxy':
      return { kind: 'neutral' }
    default:
      reason satisfies never
      throw new TypeError('unreachable')
  }
}
