import type { Account, Method, ProviderDefinition } from '@keywell/protocol'
import { lookUpAccount } from '../oauth/account.ts'
import type { Sending } from '../oauth/client.ts'
import type { SentTokens } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'

/** The reason of a connection's health when the provider names another account. The store keeps it by this word. */
export const accountMismatch = 'account_mismatch'

/** Milliseconds between two checks of the name, the username and the picture of a connection's account. */
const pauseMs = 24 * 60 * 60_000

/** The account that the provider names for a token, compared with the one that is stored. */
export type AccountCheck =
  | { is: 'same' }
  /** The same account by another name, username or picture. */
  | { is: 'changed'; account: Account }
  /** The token belongs to another account. Nothing of that account is stored. */
  | { is: 'another' }
  /** The provider gave no answer. */
  | { is: 'unknown' }

/** At most daily; at each probe while the token is known to belong to another account. */
export function isAccountCheckDue(
  row: Pick<KeptCredentialRow, 'accountCheckedAgoMs' | 'healthReason'>,
): boolean {
  return row.accountCheckedAgoMs >= pauseMs || row.healthReason === accountMismatch
}

/** Asks the provider for the account of a token. A failure says nothing about account or token. */
export async function checkAccount(
  outbound: Outbound,
  row: Pick<KeptCredentialRow, 'host' | 'account'>,
  options: {
    provider: ProviderDefinition
    method: Method
    tokens: SentTokens
    scopes: readonly string[]
    sending: Sending
  },
): Promise<AccountCheck> {
  const { host, account: known } = row
  // Typed with the key: the provider names none.
  if (options.method.identity === undefined) return { is: 'same' }
  const found = await lookUpAccount(outbound, { ...options, host }).catch(() => undefined)
  return found === undefined ? { is: 'unknown' } : compareAccounts(known, found)
}

/** Only the id identifies an account. */
function compareAccounts(known: Account, found: Account): AccountCheck {
  if (found.id !== known.id) return { is: 'another' }
  const { id, name, username, avatarUrl } = found
  // With few scopes the provider answers with the id alone: that does not mean that the name was removed.
  if (name === null && username === null && avatarUrl === null) return { is: 'same' }
  const isSame = name === known.name && username === known.username && avatarUrl === known.avatarUrl
  return isSame ? { is: 'same' } : { is: 'changed', account: { id, name, username, avatarUrl } }
}
