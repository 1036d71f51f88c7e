import type { ErrorCode, ReauthReason } from '@keywell/protocol'
import type { ConnectState } from './core/index.ts'

/** Everything that a user reads. `{provider}` becomes the provider's title. */
export interface Messages {
  /** Titles of providers; a name that is missing here is shown with a capital letter. */
  readonly providers: Readonly<Record<string, string>>
  /** On the button, by state. */
  readonly button: Readonly<Record<ConnectState['name'], string>>
  /** Beside the button and for screen readers, by state. Empty: nothing is said. */
  readonly note: Readonly<Record<ConnectState['name'], string>>
  /** While the window looks closed. */
  readonly away: string
  /** Instead of `note.needs_reauth`, where the reason is known. */
  readonly reasons: Readonly<Partial<Record<ReauthReason, string>>>
  /** Instead of `note.error`, where users can do something about it. */
  readonly errors: Readonly<Partial<Record<ErrorCode, string>>>
  readonly reopen: string
  readonly cancel: string
  readonly continueHere: string
  readonly retry: string
  /** In the popup, until the provider's page comes. */
  readonly popup: string
}

/** Any part of the messages; what is left out stays English. */
export type MessagesOverride = {
  readonly [Key in keyof Messages]?: Key extends 'button' | 'note'
    ? Readonly<Partial<Messages[Key]>>
    : Messages[Key]
}

export const english: Messages = {
  providers: { gitlab: 'GitLab' },
  button: {
    idle: 'Connect {provider}',
    opening: 'Opening {provider} …',
    waiting: 'Waiting for {provider} …',
    confirming: 'Connecting {provider} …',
    connected: '{provider} connected',
    blocked: 'Connect {provider}',
    denied: 'Connect {provider}',
    cancelled: 'Connect {provider}',
    expired: 'Connect {provider}',
    error: 'Connect {provider}',
    needs_reauth: 'Reconnect {provider}',
  },
  note: {
    idle: '',
    opening: 'Opening {provider}.',
    waiting: 'Go on in the window of {provider}.',
    confirming: 'Almost done.',
    connected: '{provider} is connected.',
    blocked: 'Your browser blocked the window. You can go on in this tab.',
    denied: 'You did not allow access to {provider}. Nothing was connected.',
    cancelled: 'Cancelled. Nothing was connected.',
    expired: 'That took too long. Please try again.',
    error: 'Connecting {provider} did not work. Please try again.',
    needs_reauth: '{provider} has to be connected again.',
  },
  away: 'Finish in the other window, or:',
  reasons: { revoked: 'Access to {provider} was withdrawn. Connect it again to go on.' },
  errors: {
    account_mismatch: 'This is another {provider} account than before. Nothing was changed.',
    flow_mismatch: 'Someone else is signed in by now. Nothing was connected.',
    integration_missing: '{provider} is not set up here yet. Please ask your administrator.',
    scope_not_allowed:
      'This access to {provider} is not allowed here. Please ask your administrator.',
    rate_limited: 'Too many attempts. Please wait a minute.',
    unavailable: 'The service cannot be reached. Please try again in a moment.',
  },
  reopen: 'Open again',
  cancel: 'Cancel',
  continueHere: 'Continue in this tab',
  retry: 'Try again',
  popup: 'Connecting to {provider} …',
}

export function mergeMessages(own: MessagesOverride | undefined): Messages {
  if (own === undefined) return english
  return {
    ...english,
    ...own,
    providers: { ...english.providers, ...own.providers },
    button: { ...english.button, ...own.button },
    note: { ...english.note, ...own.note },
    reasons: { ...english.reasons, ...own.reasons },
    errors: { ...english.errors, ...own.errors },
  }
}

/** The title of a provider, e.g. `GitLab`. */
export function titleOf(messages: Messages, provider: string): string {
  return messages.providers[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1)
}

/** Puts the provider's title into a sentence. */
export function say(messages: Messages, sentence: string, provider: string): string {
  return sentence.replaceAll('{provider}', () => titleOf(messages, provider))
}

/** What a state says beside the button. */
export function noteOf(messages: Messages, state: ConnectState): string {
  switch (state.name) {
    case 'waiting':
      return state.away ? messages.away : messages.note.waiting
    case 'error':
      return messages.errors[state.error.code] ?? messages.note.error
    case 'needs_reauth':
      return (state.reason && messages.reasons[state.reason]) ?? messages.note.needs_reauth
    default:
      return messages.note[state.name]
  }
}
