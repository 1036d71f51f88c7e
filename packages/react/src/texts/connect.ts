import type { ReauthReason } from '@keywell/protocol'
import type { ErrorTexts } from './errors.ts'
import type { Texts } from './texts.ts'

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
  /** In place of `note.error`. Those that a page needs while it is offline; the others come with its first attempt. */
  readonly providerReasons: Partial<ErrorTexts['providerReasons']>
  readonly errors: Partial<ErrorTexts['errors']>
  /** Beside the button, where the dialog of the account could not be fetched. */
  readonly notLoaded: string
  /** After an error that the operator can look up by the id of its request. */
  readonly reference: string
  /** The small buttons beside the button. */
  readonly actions: Texts<'reopen' | 'cancel' | 'continueHere' | 'retry' | 'disconnect'>
  /** In the popup, until the provider's page is there. */
  readonly popup: string
}

export const connectTexts: ConnectTexts & {
  readonly errors: Texts<'unauthorized' | 'unavailable'>
} = {
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
    sign_in_again: '{provider} asks you to sign in again. Connect it again to go on.',
  },
  providerReasons: {},
  errors: {
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
