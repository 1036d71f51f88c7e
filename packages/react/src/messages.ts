import type { Connection } from '@keywell/protocol'
import { titles } from '@keywell/providers/titles'
import { type ConnectState, isBusy, type KeywellClient } from './core/index.ts'
import { own } from './own.ts'
import type { AccountTexts } from './texts/account.ts'
import type { ConnectTexts } from './texts/connect.ts'
import type { HostTexts } from './texts/host.ts'
import type { ManagerTexts } from './texts/manager.ts'
import type { NoteTexts } from './texts/notes.ts'
import type { ScopeTexts } from './texts/scopes.ts'
import type { StatusTexts } from './texts/status.ts'
import { fill } from './texts/texts.ts'
import type { VariableTexts } from './texts/variable.ts'

/**
 * Every text that a user reads, in one language. `{provider}` is replaced by the provider's title, `{account}`
 * by the name of the account, `{list}` and `{id}` where they stand.
 */
export interface Messages
  extends ConnectTexts,
    NoteTexts,
    AccountTexts,
    HostTexts,
    VariableTexts,
    ScopeTexts,
    StatusTexts,
    ManagerTexts {
  /** Language tag (BCP 47) that dates and lists are written in, e.g. `en`. */
  readonly locale: string
  /** Titles of providers. Default: the service's, else the name with a capital letter. */
  readonly providers: Readonly<Partial<Record<string, string>>>
}

/** Any part of the messages. Default: English. */
export type MessagesOverride = {
  readonly [Key in keyof Messages]?: Messages[Key] extends string ? string : Partial<Messages[Key]>
}

/**
 * The title of a provider, e.g. `GitLab`: the host's own word for it, else the service's, which comes with the list of
 * connections, else what the package has.
 */
export function titleOf(
  { messages, client }: { messages: MessagesOverride; client: Pick<KeywellClient, 'brand'> },
  provider: string,
): string {
  return (
    own(messages.providers ?? {}, provider) ??
    client.brand(provider)?.title ??
    own(titles, provider) ??
    provider.charAt(0).toUpperCase() + provider.slice(1)
  )
}

/** What a person calls the account; nothing where the provider says no more than its id. */
export function accountName({ account }: Connection): string | null | undefined {
  return account.name ?? account.username
}

/** The text of the button. */
export function labelOf({ button }: ConnectTexts, { state, title, connection }: Labelled): string {
  const account = state.name === 'connected' ? accountName(state.connection) : undefined
  return fill(button[labelName(state, account, connection)], {
    provider: title,
    account: account ?? '',
  })
}

function labelName(
  state: ConnectState,
  account: string | null | undefined,
  connection: Connection | undefined,
): keyof ConnectTexts['button'] {
  if (isBusy(state)) return state.name
  if (state.name === 'connected') return account ? state.name : 'connectedUnnamed'
  return connection ? 'reconnect' : 'idle'
}

interface Labelled {
  readonly state: ConnectState
  readonly title: string
  /** The connection that exists, also after an attempt that failed. */
  readonly connection?: Connection | undefined
}
