import {
  impliedScopes,
  type Method,
  type ProviderAccount,
  type ProviderDefinition,
  type RequestDefinition,
} from '@keywell/protocol'
import { isTenantsOwn, type ProviderAnswer, readAccount } from '@keywell/providers'
import type { Outbound } from '../outbound/outbound.ts'
import type { Sending } from './client.ts'
import { cleanAccount } from './outside-text.ts'
import { reasonOf, refusedBy } from './provider-refusal.ts'
import { headersOf, requestHeaders, requestUrl, sentValuesOf } from './send.ts'
import type { SentTokens } from './token-set.ts'

/** A request of the provider's data, with a connection's credential. */
export async function sendWithToken(
  outbound: Outbound,
  { method, url, headers }: RequestDefinition,
  options: {
    provider: ProviderDefinition
    host: string
    method: Method
    tokens: SentTokens
    sending: Sending
  },
): Promise<ProviderAnswer> {
  const { reach } = options.tokens
  const secrets = headersOf(options.method, sentValuesOf(options))
  const response = await outbound.fetch(requestUrl(url, options), {
    ...options.sending,
    isOwn: isTenantsOwn(options.provider),
    within: { reach, side: 'api' },
    method,
    headers: {
      accept: 'application/json',
      ...requestHeaders(headers, options),
      ...Object.fromEntries(secrets.map(({ name, value }) => [name, value])),
    },
  })
  return readAnswer(response)
}

/** An answer whole: its JSON, or undefined if it is none. */
export async function readAnswer(response: Response): Promise<ProviderAnswer> {
  const { status, headers } = response
  const text = await response.text()
  try {
    return { status, headers, text, body: JSON.parse(text) }
  } catch {
    return { status, headers, text, body: undefined }
  }
}

/**
 * Whose token this is, by the provider's stable id. Looked up before anything is stored.
 * @throws KeywellError `provider_error`, with the reason, when the provider does not say
 */
export async function lookUpAccount(
  outbound: Outbound,
  options: {
    provider: ProviderDefinition
    host: string
    method: Method
    tokens: SentTokens
    scopes: readonly string[]
    sending: Sending
  },
): Promise<ProviderAccount> {
  const { identity } = options.method
  if (identity === undefined) throw new TypeError('no request names the account')
  const held = impliedScopes(options.provider, options.scopes)
  const opens =
    identity.scopes.length === 0 || identity.scopes.some((scope) => held.includes(scope))
  const { request, account: reader } = opens ? identity : (identity.fallback ?? identity)
  const { title } = options.provider
  const answer = await sendWithToken(outbound, request, options).catch((cause: unknown) => {
    throw refusedBy(title, reasonOf(undefined), { cause })
  })
  const parsed = answer.status === 200 ? readAccount(reader, answer.body) : undefined
  const account = parsed && cleanAccount(parsed)
  if (account !== undefined) return account
  throw refusedBy(title, reasonOf(answer), { detail: `status ${answer.status}` })
}
