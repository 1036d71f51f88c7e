import type { ErrorCode, ProviderReason } from '@keywell/protocol'
import type { Texts } from './texts.ts'

/** Errors with a sentence of their own, because their user can do something about them. */
type ExplainedError = Extract<
  ErrorCode,
  | 'account_mismatch'
  | 'flow_mismatch'
  | 'host_not_allowed'
  | 'host_required'
  | 'integration_missing'
  | 'key_refused'
  | 'not_allowed_for_tenant'
  | 'origin_not_allowed'
  | 'rate_limited'
  | 'scope_not_allowed'
  | 'unauthorized'
  | 'unavailable'
>

/** Why an attempt failed. */
export interface ErrorTexts {
  /** In place of `note.error`, where the provider refused after the user's consent. */
  readonly providerReasons: Texts<ProviderReason>
  /** In place of `note.error`, for errors that users can do something about. */
  readonly errors: Texts<ExplainedError>
}

export const errorTexts: ErrorTexts = {
  providerReasons: {
    provider_unavailable: '{provider} cannot be reached. Please try again in a few minutes.',
    terms_not_accepted:
      '{provider} requires that you accept its terms. Accept them there, and try again.',
    account_blocked:
      'This {provider} account is blocked or not approved. Please ask its administrator.',
    two_factor_required: '{provider} requires two-factor sign-in. Set it up there, and try again.',
    robot_check: '{provider} blocked us as a robot. Please ask your administrator.',
    approval_pending:
      'An administrator at {provider} has to approve this. Please try again after that.',
    access_refused: 'This {provider} account may not use the API. Please ask its administrator.',
    client_rejected: '{provider} is not set up correctly here. Please ask your administrator.',
    request_rejected: '{provider} is not set up correctly here. Please ask your administrator.',
    answer_unusable: '{provider} gave an answer that makes no sense. Please try again later.',
  },
  errors: {
    account_mismatch:
      'This is another {provider} account than before. Nothing was changed. Sign in there with the account that was connected, or disconnect it first.',
    flow_mismatch:
      'Someone else is signed in now. Nothing was connected. Sign in as yourself, and try again.',
    host_not_allowed:
      'This address of {provider} is not set up here. Please ask your administrator.',
    host_required: '{provider} is not set up correctly here. Please ask your administrator.',
    integration_missing: '{provider} is not set up here. Please ask your administrator.',
    key_refused:
      '{provider} did not accept the key. Nothing was connected. Copy it again, and try again.',
    not_allowed_for_tenant: 'This is not allowed here. Please ask your administrator.',
    origin_not_allowed: 'This page may not connect accounts. Please ask your administrator.',
    rate_limited: 'That was too often. Please wait a minute, and try again.',
    scope_not_allowed: 'This page asks for more than is allowed. Please ask your administrator.',
    unauthorized: 'You are no longer signed in. Sign in, and try again.',
    unavailable: 'The service cannot be reached. Please try again in a few minutes.',
  },
}
