import type { Connection } from '@keywell/protocol'
import { hostName } from './account-words.ts'
import { ConnectError, type Connections } from './core/index.ts'
import { accountName } from './messages.ts'
import type { AccountTexts } from './texts/account.ts'

/** What can be done with a connected account. */
export interface AccountActions {
  manage?: (() => void) | undefined
  /** Called in the click, so that it may open a window. */
  reconnect?: (() => void) | undefined
  /** Asks for other scopes, in a dialog of its own. */
  changeScopes?: (() => void) | undefined
  /** Whether the connection may be removed. */
  disconnectable: boolean
}

/** One line of what is known of an account. */
export interface AccountFact {
  readonly name: string
  readonly text: string
  /** Of a date: the same, for machines. */
  readonly dateTime?: string
}

export function factsOf(
  connection: Connection,
  texts: AccountTexts['account'],
  locale: string,
): readonly AccountFact[] {
  const { account, host, createdAt, endsAt, missingScopes } = connection
  const date = (name: string, iso: string): AccountFact => ({
    name,
    text: new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(Date.parse(iso)),
    dateTime: iso,
  })
  const missing = new Intl.ListFormat(locale).format(missingScopes)
  return [
    { name: texts.account, text: accountName(connection) ?? account.id },
    { name: texts.host, text: hostName(host) },
    date(texts.since, createdAt),
    ...(endsAt ? [date(texts.ends, endsAt)] : []),
    ...(missing ? [{ name: texts.missing, text: missing }] : []),
  ]
}

/** How removing a connection ended. `url`: where its key has to be removed by hand. */
export type Removal =
  | { readonly name: 'removed'; readonly url: string | undefined }
  /** Another window was faster. */
  | { readonly name: 'gone' }
  | { readonly name: 'failed' }

export async function remove(connections: Connections, { id }: Connection): Promise<Removal> {
  try {
    const { upstream, manualUrl } = await connections.disconnect(id)
    return { name: 'removed', url: (upstream === 'manual' && manualUrl) || undefined }
  } catch (thrown) {
    void connections.refresh()
    const isGone = thrown instanceof ConnectError && thrown.code === 'not_found'
    return { name: isGone ? 'gone' : 'failed' }
  }
}
