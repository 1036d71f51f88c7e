import { KeywellError, type ProviderReason } from '@keywell/protocol'
import { isOutboundFailure } from '../outbound/errors.ts'
import { reasonOf, refusedBy } from './provider-refusal.ts'
import type { Granted, TokenOutcome } from './token-answer.ts'

/** The error of a flow whose code brought no tokens. */
export function exchangeError(
  title: string,
  outcome: Exclude<TokenOutcome, Granted>,
): KeywellError {
  const { detail } = outcome
  switch (outcome.kind) {
    case 'not_sent':
    case 'not_processed':
      if (detail === 'definition_outgrown') return clientOutgrown(title)
      return refusedBy(title, 'provider_unavailable', { detail })
    case 'ambiguous':
      return refusedBy(title, reasonOfAmbiguous(detail), { detail })
    case 'unusable':
      return refusedBy(title, 'answer_unusable', { detail })
    case 'rejected':
    case 'sign_in_again':
      return new KeywellError('flow_expired', 'The provider no longer accepts this code.')
    case 'suspended':
      return refusedBy(title, 'account_blocked', { detail })
    case 'client_rejected':
      return refusedBy(title, 'client_rejected', { detail })
    case 'request_rejected':
      return refusedBy(title, 'request_rejected', { detail })
    default:
      outcome satisfies never
      throw new TypeError('unreachable')
  }
}

/** The secret of the app stays where it was stored for, until an operator who knows the new definition sets it. */
function clientOutgrown(title: string): KeywellError {
  return new KeywellError(
    'integration_missing',
    `The definition of ${title} has other addresses than when the secret of its app was stored.`,
    {
      nextStep:
        'Check the new definition, then set the client again: PUT /v1/integrations/:integrationId/client.',
    },
  )
}

/** The reason behind an answer of the token endpoint that is not one of OAuth. */
export function reasonOfAmbiguous(detail: string): ProviderReason {
  const status = /^status (\d{3})$/.exec(detail)?.[1]
  if (status !== undefined) return reasonOf({ status: Number(status), body: undefined })
  if (isOutboundFailure(detail) || temporaryErrors.includes(detail)) return 'provider_unavailable'
  // An error code that OAuth does not define, or a body that is not an OAuth answer.
  return detail.includes(' ') ? 'answer_unusable' : 'request_rejected'
}

/** RFC 6749 section 4.1.2.1. */
const temporaryErrors: readonly string[] = ['temporarily_unavailable', 'server_error']
