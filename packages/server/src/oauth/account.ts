import {
  type CredentialType,
  impliedScopes,
  type ProviderAccount,
  type ProviderDefinition,
  type Secret,
} from '@keywell/protocol'
import { type CredentialScheme, credentialSchemeOf } from '@keywell/providers'
import { joinBelow } from '../host.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Sending } from './client.ts'
import { cleanAccount } from './outside-text.ts'
import { reasonOf, refusedBy } from './provider-refusal.ts'

/** A GET below a connection's host with its token; the answer's JSON, or undefined if it is none. */
export async function getWithToken(
  outbound: Outbound,
  options: {
    host: string
    path: string
    accessToken: Secret
    header: CredentialScheme['header']
    sending: Sending
  },
): Promise<{ status: number; body: unknown }> {
  const { header, accessToken } = options
  const response = await outbound.fetch(joinBelow(options.host, options.path), {
    ...options.sending,
    headers: {
      [header.name]: `${header.prefix}${accessToken.expose()}`,
      accept: 'application/json',
    },
  })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    return { status: response.status, body: undefined }
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
    /** What kind of credential it is. Default: of OAuth. */
    type?: CredentialType | null
    accessToken: Secret
    scopes: readonly string[]
    sending: Sending
  },
): Promise<ProviderAccount> {
  const { identity, header } = credentialSchemeOf(options.provider, options.type ?? null)
  const held = impliedScopes(options.provider, options.scopes)
  const opens = identity.scopes.some((scope) => held.includes(scope))
  const probe = opens ? identity : (identity.fallback ?? identity)
  const { title } = options.provider
  const answer = await getWithToken(outbound, { ...options, header, path: probe.path }).catch(
    (cause: unknown) => {
      throw refusedBy(title, reasonOf(undefined), { cause })
    },
  )
  const parsed = answer.status === 200 ? probe.account(answer.body) : undefined
  const account = parsed && cleanAccount(parsed)
  if (account !== undefined) return account
  throw refusedBy(title, reasonOf(answer), { detail: `status ${answer.status}` })
}
