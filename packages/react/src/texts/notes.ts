import type { ReauthReason } from '@keywell/protocol'
import { type ErrorTexts, errorTexts } from './errors.ts'
import type { Texts } from './texts.ts'

/** Beside a button that connects an account: what happened, and what can be done. */
export interface NoteTexts extends ErrorTexts {
  /** By state: what happened, and the next step. */
  readonly note: Texts<'blocked' | 'cancelled' | 'denied' | 'expired' | 'error' | 'needs_reauth'>
  /** While the popup looks closed. It may still be open, so this says both. */
  readonly popupClosed: string
  /** In place of `note.needs_reauth`, by its reason. */
  readonly reasons: Texts<ReauthReason>
  /** After an error that the operator can look up by the id of its request. */
  readonly reference: string
  /** The small buttons. */
  readonly actions: Texts<'reopen' | 'cancel' | 'continueHere' | 'retry' | 'disconnect'>
}

export const noteTexts: NoteTexts = {
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
  reference: 'For your administrator: {id}',
  actions: {
    reopen: 'Open again',
    cancel: 'Cancel',
    continueHere: 'Continue in this tab',
    retry: 'Try again',
    disconnect: 'Disconnect',
  },
  ...errorTexts,
}
