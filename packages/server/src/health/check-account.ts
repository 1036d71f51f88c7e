import type { Account, ProviderDefinition, Secret } from '@keywell/protocol'
import { lookUpAccount } from '../oauth/account.ts'
import type { Sending } from '../oauth/client.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'

/** The reason of a connection's health when the provider names another account. The store keeps it by this word. */
export const accountMismatch = 'account_mismatch'

/** Milliseconds between two looks at the name, the username and the picture of a connection's account. */
const pauseMs = 24 * 60 * 60_000

/** What the provider says of the account behind a token, beside what is stored of it. */
export type AccountCheck =
  | { is: 'same' }
  /** The same account by another name, username or picture. */
  | { is: 'changed'; account: Account }
  /** The token is of somebody else. Nothing of that account is taken over. */
  | { is: 'another' }
  /** It did not say. */
  | { is: 'unknown' }

/** At most daily; and until it is clear, of a connection whose token was found to be of another account. */
export function isAccountCheckDue(
  row: Pick<KeptCredentialRow, 'accountCheckedAgoMs' | 'healthReason'>,
): boolean {
  return row.accountCheckedAgoMs >= pauseMs || row.healthReason === accountMismatch
}

/** Asks the provider whose a token is. A failure says nothing of the account, nor of the token. */
export async function checkAccount(
  outbound: Outbound,
  row: Pick<KeptCredentialRow, 'host' | 'type' | 'account'>,
  options: {
    provider: ProviderDefinition
    accessToken: Secret
    scopes: readonly string[]
    sending: Sending
  },
): Promise<AccountCheck> {
  const { host, type, account: known } = row
  const found = await lookUpAccount(outbound, { ...options, host, type }).catch(() => undefined)
  return found === undefined ? { is: 'unknown' } : compareAccounts(known, found)
}

/** Only the id says who it is. */
function compareAccounts(known: Account, found: Account): AccountCheck {
  if (found.id !== known.id) return { is: 'another' }
  const { id, name, username, avatarUrl } = found
  // A token with few scopes opens a path that knows the id alone: it does not say that the name is gone.
  if (name === null && username === null && avatarUrl === null) return { is: 'same' }
  const isSame = name === known.name && username === known.username && avatarUrl === known.avatarUrl
  return isSame ? { is: 'same' } : { is: 'changed', account: { id, name, username, avatarUrl } }
}
