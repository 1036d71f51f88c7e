import type { Texts } from './texts.ts'

/** Of the element that says how a connection is. */
export interface StatusTexts {
  /** In a word or two; then when it was looked at. `{when}` is such as `5 minutes ago`. */
  readonly status: Texts<
    | 'ok'
    | 'unknown'
    | 'degraded'
    | 'needs_reauth'
    | 'disconnected'
    | 'checked'
    | 'unchecked'
    | 'now'
  >
  /** Why it needs its user, or has problems. `setup`: the integration is at fault; `other`: it passes by itself. */
  readonly health: Texts<
    | 'revoked'
    | 'refresh_expired'
    | 'lost_rotation'
    | 'token_expired'
    | 'sign_in_again'
    | 'account_mismatch'
    | 'setup'
    | 'other'
  >
}

export const statusTexts: StatusTexts = {
  status: {
    ok: 'Connected',
    unknown: 'Connected',
    degraded: 'Has problems',
    needs_reauth: 'Reconnect needed',
    disconnected: 'Disconnected',
    checked: 'Checked {when}',
    unchecked: 'Not checked yet',
    now: 'just now',
  },
  health: {
    revoked: 'Access was withdrawn at {provider}.',
    refresh_expired: 'Access to {provider} has expired.',
    lost_rotation: 'The connection to {provider} was lost.',
    token_expired: 'Access was given for a limited time, which is over.',
    sign_in_again: '{provider} asks you to sign in again.',
    account_mismatch: 'It leads to another {provider} account now. Reconnect it.',
    setup: '{provider} is not set up correctly here. Please ask your administrator.',
    other: '{provider} did not answer as expected. This is tried again by itself.',
  },
}
