import type { Connection, ErrorCode, ProviderReason, ReauthReason } from '@keywell/protocol'
import type { ConnectState, KeywellClient } from './core/index.ts'
import { english } from './english.ts'
import { marks } from './marks.ts'
import { own } from './own.ts'

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

type Texts<Key extends string> = Readonly<Record<Key, string>>

/**
 * Every text that a user reads, in one language. `{provider}` is replaced by the provider's title, `{account}`
 * by the name of the account, `{list}` and `{id}` where they stand.
 */
export interface Messages {
  /** Language tag (BCP 47) that dates and lists are written in, e.g. `en`. */
  readonly locale: string
  /** Titles of providers. Default: the service's, else the name with a capital letter. */
  readonly providers: Readonly<Partial<Record<string, string>>>
  /** On the button, by state. `reconnect` and not `idle` where there is a connection that the attempt was for. */
  readonly button: Texts<
    'idle' | 'opening' | 'waiting' | 'confirming' | 'connected' | 'connectedUnnamed' | 'reconnect'
  >
  /** Beside the button, by state: what happened, and the next step. */
  readonly note: Texts<'blocked' | 'cancelled' | 'denied' | 'expired' | 'error' | 'needs_reauth'>
  /** Beside the button, while the popup looks closed. Whether it is, nobody knows: say both. */
  readonly popupClosed: string
  /** In place of `note.needs_reauth`, by its reason. */
  readonly reasons: Texts<ReauthReason>
  /** In place of `note.error`, where the provider refused after the user's consent. */
  readonly providerReasons: Texts<ProviderReason>
  /** In place of `note.error`, for errors that users can do something about. */
  readonly errors: Texts<ExplainedError>
  /** After an error that the operator can look up by the id of its request. */
  readonly reference: string
  readonly reopen: string
  readonly cancel: string
  readonly continueHere: string
  readonly retry: string
  /** In the popup, until the provider's page is there. */
  readonly popup: string
  /** In the dialog of a connected account: names of facts, and what can be done. */
  readonly account: Texts<
    | 'account'
    | 'host'
    | 'since'
    | 'ends'
    | 'missing'
    | 'manage'
    | 'reconnect'
    | 'disconnect'
    | 'close'
  >
  /** In the dialog that asks before a connection is removed. `manual`: its key still works at the provider. */
  readonly disconnect: Texts<
    'title' | 'text' | 'keep' | 'confirm' | 'busy' | 'failed' | 'done' | 'manual' | 'open'
  >
  /** Of the field for the address of an instance. */
  readonly host: Texts<
    | 'label'
    | 'hint'
    | 'check'
    | 'checking'
    | 'ready'
    | 'notRegistered'
    | 'notRecognised'
    | 'unreachable'
    | 'notAllowed'
    | 'error'
    // Above the page, the redirect URI and the scopes of an app that is to be registered.
    | 'page'
    | 'redirectUri'
    | 'scopes'
  >
}

/** Any part of the messages. Default: English. */
export type MessagesOverride = {
  readonly [Key in keyof Messages]?: Messages[Key] extends string ? string : Partial<Messages[Key]>
}

/** English, with the texts of `overrides`, in groups too, in place of its own. */
export function mergeMessages(overrides: MessagesOverride = {}, locale?: string): Messages {
  const texts: Partial<Record<string, object | string>> = {
    ...overrides,
    ...(locale && { locale }),
  }
  const merged = Object.entries(english).map(([key, text]) => [
    key,
    typeof text === 'string' ? (texts[key] ?? text) : { ...text, ...(texts[key] as object) },
  ])
  return Object.fromEntries(merged)
}

/**
 * The title of a provider, e.g. `GitLab`: the host's own word for it, else the service's, else the mark's. Not
 * subscribed to: a title that arrives shows with the next step, so that no text moves under the pointer.
 */
export function titleOf(
  { messages, client }: { messages: Messages; client: Pick<KeywellClient, 'provider'> },
  provider: string,
): string {
  return (
    own(messages.providers, provider) ??
    client.provider(provider)?.title ??
    own(marks, provider)?.title ??
    provider.charAt(0).toUpperCase() + provider.slice(1)
  )
}

/** Puts values in the place of their names: `{provider}`. A name without a value stays. */
export function fill(sentence: string, values: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{(\w+)\}/g, (name, key) => own(values, key) ?? name)
}

/** What a person calls the account; undefined where the provider says no more than its id. */
export function accountName({ account }: Connection): string | undefined {
  return account.name ?? account.username ?? undefined
}

/** The text of the button. */
export function labelOf({ button }: Messages, { state, title, connection }: Labelled): string {
  switch (state.name) {
    case 'opening':
    case 'waiting':
    case 'confirming':
      return fill(button[state.name], { provider: title })
    case 'connected': {
      const account = accountName(state.connection)
      const text = account ? button.connected : button.connectedUnnamed
      return fill(text, { provider: title, account: account ?? '' })
    }
    default:
      return fill(connection ? button.reconnect : button.idle, { provider: title })
  }
}

interface Labelled {
  readonly state: ConnectState
  readonly title: string
  /** The connection that is there, whatever became of an attempt. */
  readonly connection?: Connection | undefined
}

/** The text beside the button, if there is one. */
export function noteOf(messages: Messages, { state, title }: Labelled): string | undefined {
  const text = noteText(messages, state)
  return text && fill(text, { provider: title })
}

function noteText(messages: Messages, state: ConnectState): string | undefined {
  const { errors, note, popupClosed, providerReasons, reasons } = messages
  switch (state.name) {
    case 'waiting':
      return state.popupClosed ? popupClosed : undefined
    case 'needs_reauth':
      return state.reason ? reasons[state.reason] : note.needs_reauth
    case 'error': {
      const { providerReason, code } = state.error
      const explained = providerReason ? providerReasons[providerReason] : own<string>(errors, code)
      return explained ?? note.error
    }
    case 'blocked':
    case 'cancelled':
    case 'denied':
    case 'expired':
      return note[state.name]
    default:
      return undefined
  }
}
