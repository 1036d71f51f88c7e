import { KeywellError } from '@keywell/protocol'
import { isMinted, reachOf, variablesAt } from '@keywell/providers'
import { type MintOutcome, mintToken } from '../oauth/mint.ts'
import { refusedBy } from '../oauth/provider-refusal.ts'
import type { KeptTokenSet } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { PastedKey } from './connect-key.ts'
import { tokensOf } from './key-fields.ts'

/** What a connection begins with. */
export interface FirstToken {
  /** What was typed is in it, whichever it is. */
  tokens: KeptTokenSet
  /** Null: no answer says. */
  expiresInMs: number | null
  scopes: readonly string[] | null
}

/**
 * A key as it was typed; or the first access token that is minted from what was typed, which shows that it is good.
 *
 * @throws KeywellError `key_refused`, `provider_error`
 */
export async function firstToken(outbound: Outbound, pasted: PastedKey): Promise<FirstToken> {
  const { provider, method, host, fields, tenantId } = pasted
  const variables = variablesAt(provider, host)
  const reach = reachOf(provider, method, variables)
  if (!isMinted(method)) {
    return { tokens: { ...tokensOf(method, fields), reach }, expiresInMs: null, scopes: null }
  }
  const seed = { provider, method, variables, fields, reach }
  const outcome = await mintToken(outbound, seed, { tenantId })
  if (outcome.kind !== 'tokens') throw mintRefusal(outcome, { host, title: method.title, provider })
  const { tokens, expiresInMs, scopes } = outcome
  return {
    tokens: { ...tokens, fields, reach },
    expiresInMs,
    scopes: scopes ?? method.defaultScopes,
  }
}

/** Why a connection is not made: what is to be minted from brings no token. */
export function mintRefusal(
  { kind, detail }: Exclude<MintOutcome, { kind: 'tokens' }>,
  { host, title, provider }: Pick<PastedKey, 'host' | 'provider'> & { title: string },
): KeywellError {
  switch (kind) {
    case 'rejected':
    case 'sign_in_again':
      return new KeywellError('key_refused', `${host} does not accept this ${title}.`)
    // An app takes part in none of these.
    case 'client_rejected':
      return refusedBy(provider.title, 'client_rejected', { detail })
    case 'suspended':
      return refusedBy(provider.title, 'account_blocked', { detail })
    case 'request_rejected':
      return refusedBy(provider.title, 'access_refused', { detail })
    case 'not_sent':
    case 'not_processed':
    case 'ambiguous':
      return refusedBy(provider.title, 'provider_unavailable', { detail })
    default:
      kind satisfies never
      throw new TypeError('unreachable')
  }
}
