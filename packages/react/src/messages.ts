import type { ErrorCode, ProviderReason, ReauthReason } from '@keywell/protocol'
import type { ConnectState } from './core/index.ts'

type ByState = Readonly<Partial<Record<ConnectState['name'], string>>>

/** Every text that a user reads. `{provider}` is replaced by the provider's title. */
export interface Messages {
  /** Titles of providers. Default: the name with a capital letter. */
  readonly providers: Readonly<Partial<Record<string, string>>>
  /** On the button, by state. Default: that of `idle`. */
  readonly button: { readonly idle: string } & ByState
  /** Beside the button, by state. Default: none. */
  readonly note: { readonly error: string } & ByState
  /** Beside the button, while the popup looks closed. */
  readonly popupClosed: string
  /** In place of `note.needs_reauth`, by its reason. */
  readonly reasons: Readonly<Partial<Record<ReauthReason, string>>>
  /** In place of `note.error`, where the provider refused after the user's consent. */
  readonly providerReasons: Readonly<Partial<Record<ProviderReason, string>>>
  /** In place of `note.error`, for errors that users can do something about. */
  readonly errors: Readonly<Partial<Record<ErrorCode, string>>>
  readonly reopen: string
  readonly cancel: string
  readonly continueHere: string
  readonly retry: string
  /** In the popup, until the provider's page is there. */
  readonly popup: string
  /** Of the field for the address of an instance. */
  readonly host: {
    readonly label: string
    readonly hint: string
    readonly check: string
    readonly checking: string
    readonly ready: string
    readonly notRegistered: string
    readonly notRecognised: string
    readonly unreachable: string
    readonly notAllowed: string
    readonly error: string
    /** Above the page, the redirect URI and the scopes of an app that is to be registered. */
    readonly page: string
    readonly redirectUri: string
    readonly scopes: string
  }
}

/** Any part of the messages. Default: English. */
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
    blocked: 'Your browser blocked the window. You can continue in this tab.',
    denied: 'You did not allow access to {provider}. Nothing was connected.',
    expired: 'This took too long. Please try again.',
    error: 'Connecting {provider} did not work. Please try again.',
    needs_reauth: '{provider} has to be connected again.',
  },
  popupClosed: 'Finish in the other window, or:',
  reasons: {
    revoked: 'Access to {provider} was withdrawn. Connect it again to go on.',
    refresh_expired: 'Access to {provider} has expired. Connect it again to go on.',
    lost_rotation: 'The connection to {provider} was lost. Connect it again to go on.',
  },
  errors: {
    account_mismatch: 'This is another {provider} account than before. Nothing was changed.',
    flow_mismatch: 'Someone else is signed in now. Nothing was connected.',
    host_required: '{provider} is not set up correctly here. Please ask your administrator.',
    key_refused: '{provider} did not accept the key. Nothing was connected.',
    integration_missing: '{provider} is not set up here. Please ask your administrator.',
    not_allowed_for_tenant: 'This is not allowed here. Please ask your administrator.',
    unavailable: 'The service cannot be reached. Please try again in a few minutes.',
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
  },
  reopen: 'Open again',
  cancel: 'Cancel',
  continueHere: 'Continue in this tab',
  retry: 'Try again',
  popup: 'Connecting to {provider} …',
  host: {
    label: 'Address of your {provider}',
    hint: 'Any address there will do, such as that of a project.',
    check: 'Check',
    checking: 'Looking for {provider} …',
    ready: '{provider} was found there, and can be connected.',
    notRegistered:
      '{provider} was found there, but is not set up here. Please pass this on to your administrator.',
    notRecognised:
      'This is not the address of a {provider}. Copy it from the browser, at {provider}.',
    unreachable:
      'This address cannot be reached. Check the spelling, or ask your administrator whether it is on a private network.',
    notAllowed: 'This address is not allowed here.',
    error: 'The address could not be checked. Please try again.',
    page: 'Register an app at',
    redirectUri: 'Redirect URI',
    scopes: 'Scopes',
  },
}

/** Texts of `own`, in groups too, replace the English ones. */
export function mergeMessages(own: MessagesOverride = {}): Messages {
  const texts: Partial<Record<string, object | string>> = own
  const merged = Object.entries(english).map(([key, text]) => [
    key,
    typeof text === 'string' ? (texts[key] ?? text) : { ...text, ...(texts[key] as object) },
  ])
  return Object.fromEntries(merged)
}

/** The title of a provider, e.g. `GitLab`. */
export function titleOf(messages: Messages, provider: string): string {
  return messages.providers[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1)
}

/** Replaces `{provider}` in a sentence. */
export function say(messages: Messages, sentence: string, provider: string): string {
  return sentence.replaceAll('{provider}', () => titleOf(messages, provider))
}

/** The text of the button. */
export function labelOf({ button }: Messages, { name }: ConnectState): string {
  return button[name] ?? button.idle
}

/** The text beside the button, if there is one. */
export function noteOf(messages: Messages, state: ConnectState): string | undefined {
  const { errors, note, popupClosed, providerReasons, reasons } = messages
  const specific =
    state.name === 'waiting'
      ? state.popupClosed && popupClosed
      : state.name === 'error'
        ? ((state.error.providerReason && providerReasons[state.error.providerReason]) ??
          errors[state.error.code])
        : state.name === 'needs_reauth' && state.reason && reasons[state.reason]
  return specific || note[state.name]
}
