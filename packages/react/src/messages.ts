import type { ErrorCode, ProviderReason, ReauthReason } from '@keywell/protocol'
import type { ConnectState } from './core/index.ts'

type ByState = Readonly<Partial<Record<ConnectState['name'], string>>>

/** Everything that a user reads. `{provider}` becomes the provider's title. */
export interface Messages {
  /** Titles of providers; a name that is missing here is shown with a capital letter. */
  readonly providers: Readonly<Partial<Record<string, string>>>
  /** On the button, by state; `idle` stands in for what is missing. */
  readonly button: { readonly idle: string } & ByState
  /** Beside the button, where it cannot say enough. */
  readonly note: { readonly error: string } & ByState
  /** While the window looks closed. */
  readonly away: string
  /** Instead of `note.needs_reauth`, where the reason is known. */
  readonly reasons: Readonly<Partial<Record<ReauthReason, string>>>
  /** Instead of `note.error`, where the provider stood in the way after the user's consent. */
  readonly providerReasons: Readonly<Partial<Record<ProviderReason, string>>>
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
  readonly [Key in keyof Messages]?: Messages[Key] extends string ? string : Partial<Messages[Key]>
}

const english: Messages = {
  providers: { gitlab: 'GitLab' },
  button: {
    idle: 'Connect {provider}',
    opening: 'Opening {provider} …',
    waiting: 'Waiting for {provider} …',
    confirming: 'Connecting {provider} …',
    connected: '{provider} connected',
    needs_reauth: 'Reconnect {provider}',
  },
  note: {
    blocked: 'Your browser blocked the window. You can go on in this tab.',
    denied: 'You did not allow access to {provider}. Nothing was connected.',
    expired: 'That took too long. Please try again.',
    error: 'Connecting {provider} did not work. Please try again.',
    needs_reauth: '{provider} has to be connected again.',
  },
  away: 'Finish in the other window, or:',
  reasons: {
    revoked: 'Access to {provider} was withdrawn. Connect it again to go on.',
    refresh_expired: 'Access to {provider} has run out. Connect it again to go on.',
    lost_rotation:
      'The connection to {provider} broke on the way. Nobody withdrew it. Connect it again to go on.',
  },
  errors: {
    account_mismatch: 'This is another {provider} account than before. Nothing was changed.',
    flow_mismatch: 'Someone else is signed in by now. Nothing was connected.',
    host_required: '{provider} is not set up rightly here. Please ask your administrator.',
    integration_missing: '{provider} is not set up here. Please ask your administrator.',
    not_allowed_for_tenant: 'This is not allowed here. Please ask your administrator.',
    unavailable: 'The service cannot be reached. Please try again in a few minutes.',
  },
  providerReasons: {
    provider_unavailable: '{provider} cannot answer right now. Please try again in a few minutes.',
    terms_not_accepted:
      '{provider} wants its terms accepted. Sign in there, accept them, and try again.',
    account_blocked:
      '{provider} says that this account is blocked or not approved. Please ask its administrator.',
    two_factor_required: '{provider} demands two-factor sign-in. Set it up there, and try again.',
    robot_check: '{provider} turned us away as a robot. Please ask your administrator.',
    access_refused: '{provider} refuses its API to this account. Please ask its administrator.',
    client_rejected: '{provider} is not set up rightly here. Please ask your administrator.',
    request_rejected: '{provider} is not set up rightly here. Please ask your administrator.',
  },
  reopen: 'Open again',
  cancel: 'Cancel',
  continueHere: 'Continue in this tab',
  retry: 'Try again',
  popup: 'Connecting to {provider} …',
}

/** Sentences one by one; groups of them word by word. */
export function mergeMessages(own: MessagesOverride = {}): Messages {
  const words: Partial<Record<string, object | string>> = own
  const merged = Object.entries(english).map(([key, ours]) => [
    key,
    typeof ours === 'string' ? (words[key] ?? ours) : { ...ours, ...(words[key] as object) },
  ])
  return Object.fromEntries(merged)
}

/** The title of a provider, e.g. `GitLab`. */
export function titleOf(messages: Messages, provider: string): string {
  return messages.providers[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1)
}

/** Puts the provider's title into a sentence. */
export function say(messages: Messages, sentence: string, provider: string): string {
  return sentence.replaceAll('{provider}', () => titleOf(messages, provider))
}

/** What the button says. */
export function labelOf({ button }: Messages, { name }: ConnectState): string {
  return button[name] ?? button.idle
}

/** What there is to say beside the button, if anything. */
export function noteOf(messages: Messages, state: ConnectState): string | undefined {
  const { away, errors, note, providerReasons, reasons } = messages
  const specific =
    state.name === 'waiting'
      ? state.away && away
      : state.name === 'error'
        ? ((state.error.providerReason && providerReasons[state.error.providerReason]) ??
          errors[state.error.code])
        : state.name === 'needs_reauth' && state.reason && reasons[state.reason]
  return specific || note[state.name]
}
