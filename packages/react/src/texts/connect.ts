import type { ErrorCode, ProviderReason, ReauthReason } from '@keywell/protocol'
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

/** Of a button that connects an account. */
export interface ConnectTexts {
  /** On the button, by state. `reconnect` and not `idle` where there is a connection that the attempt was for. */
  readonly button: Texts<
    'idle' | 'opening' | 'waiting' | 'confirming' | 'connected' | 'connectedUnnamed' | 'reconnect'
  >
  /** Beside the button, by state: what happened, and the next step. */
  readonly note: Texts<'blocked' | 'cancelled' | 'denied' | 'expired' | 'error' | 'needs_reauth'>
  /** Beside the button, while the popup looks closed. It may still be open, so this says both. */
  readonly popupClosed: string
  /** In place of `note.needs_reauth`, by its reason. */
  readonly reasons: Texts<ReauthReason>
  /** In place of `note.error`, where the provider refused after the user's consent. */
  readonly providerReasons: Texts<ProviderReason>
  /** In place of `note.error`, for errors that users can do something about. */
  readonly errors: Texts<ExplainedError>
  /** Beside the button, where the dialog of the account could not be fetched. */
  readonly notLoaded: string
  /** After an error that the operator can look up by the id of its request. */
  readonly reference: string
  /** The small buttons beside the button. */
  readonly actions: Texts<'reopen' | 'cancel' | 'continueHere' | 'retry' | 'disconnect'>
  /** In the popup, until the provider's page is there. */
  readonly popup: string
}

export const connectTexts: ConnectTexts = {
  button: {
    idle: 'Connect {provider}',
    opening: 'Opening {provider} …',
    waiting: 'Waiting for {provider} …',
    confirming: 'Connecting {provider} …',
    connected: 'Connected as {account}',
    connectedUnnamed: '{provider} connected',
    reconnect: 'Reconnect {provider}',
  },
  note: {
    blocked: 'Your browser blocked the window. You can continue in this tab.',
    cancelled: 'You cancelled. Nothing was changed.',
    denied: 'You did not allow access to {provider}. Nothing was changed. You can try again.',
    expired: 'This took too long. Please try again.',
    error: 'Connecting {provider} did not work. Please try again.',
    needs_reauth: '{provider} has to be connected again.',
  },
  popupClosed: 'If the window of {provider} is still open, finish there. If you closed it:',
  reasons: {
    revoked: 'Access to {provider} was withdrawn. Connect it again to go on.',
    refresh_expired: 'Access to {provider} has expired. Connect it again to go on.',
    lost_rotation: 'The connection to {provider} was lost. Connect it again to go on.',
    token_expired:
      'Access to {provider} was given for a limited time, which is over. Connect it again to go on.',
  },
  providerReasons: {
    provider_unavailable: '{provider} cannot be reached. Please try again in a few minutes.',
    terms_not_accepted:
      '{provider} requires that you accept its terms. Accept them there, and try again.',
    account_blocked:
      'This {provider} account is blocked or not approved. Please ask its administrator.',
    two_factor_required: '{provider} requires two-factor sign-in. Set it up there, and try again.',
    robot_check: '{provider} blocked us as a robot. Please ask your administrator.',
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
  notLoaded: 'This did not load. Please reload the page, and try again.',
  reference: 'For your administrator: {id}',
  actions: {
    reopen: 'Open again',
    cancel: 'Cancel',
    continueHere: 'Continue in this tab',
    retry: 'Try again',
    disconnect: 'Disconnect',
  },
  popup: 'Connecting to {provider} …',
}
