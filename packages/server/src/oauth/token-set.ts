import { type CredentialType, Secret } from '@keywell/protocol'
import type { Reach } from '@keywell/providers'
import { z } from 'zod'

/**
 * What a provider's token endpoint gave; sealed together, so that generations never mix. An API key is
 * one without a refresh token.
 */
export interface TokenSet {
  /** Of an API key: its main secret. */
  readonly accessToken: Secret
  readonly refreshToken: Secret | null
  /** Of an API key: all that was typed, by the names of its fields. Default: the access token is its only one. */
  readonly fields?: Readonly<Record<string, Secret>> | undefined
}

/** The same with what it may be sent to, sealed with it. */
export interface KeptTokenSet extends TokenSet {
  readonly reach: Reach
}

/** What a call with the credential sends, and where that may go. */
export type SentTokens = Pick<KeptTokenSet, 'accessToken' | 'fields' | 'reach'>

/** A set of tokens where one may be missing. A missing access token becomes an empty one. */
export function heldTokens(tokens: {
  readonly accessToken: Secret | null
  readonly refreshToken: Secret | null
}): TokenSet {
  return { ...tokens, accessToken: tokens.accessToken ?? new Secret('') }
}

/** Whether an answer brought another refresh token than the one that was sent. */
export function isAnother(brought: Secret | null, sent: Secret | null): boolean {
  return brought !== null && brought.expose() !== sent?.expose()
}

/** Everything that a sealed token set is bound to: whose it is and where it may be sent. */
export interface TokenSetOwner {
  /** What kind of credential it is. Default: of OAuth. One kind does not open as another. */
  type?: CredentialType | null
  tenantId: string
  connectionId: string
  userId: string
  integrationId: string
  provider: string
  method: string
  host: string
  generation: number
}

/** Seals and opens token sets. Made by `credentials/`, the only place that opens one; handed to others. */
export interface TokenBox {
  seal(
    owner: TokenSetOwner,
    tokens: KeptTokenSet,
  ): Promise<{ sealed: Uint8Array; keyVersion: number }>
  open(owner: TokenSetOwner, sealed: Uint8Array): Promise<KeptTokenSet>
  /** The same for a pair that is kept aside; it never opens as a credential, nor the reverse. */
  sealOrphan(
    owner: TokenSetOwner,
    attemptId: string,
    tokens: KeptTokenSet,
  ): Promise<{ sealed: Uint8Array; keyVersion: number }>
  openOrphan(owner: TokenSetOwner, attemptId: string, sealed: Uint8Array): Promise<KeptTokenSet>
}

const stored = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  fields: z.record(z.string(), z.string()).optional(),
  reach: z.array(z.string()),
})

/** The bytes that go into the vault. */
export function encodeTokenSet(tokens: KeptTokenSet): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      accessToken: tokens.accessToken.expose(),
      refreshToken: tokens.refreshToken?.expose(),
      fields: tokens.fields && mapValues(tokens.fields, (value) => value.expose()),
      reach: tokens.reach,
    }),
  )
}

export function decodeTokenSet(bytes: Uint8Array): KeptTokenSet {
  const parsed = stored.parse(JSON.parse(new TextDecoder().decode(bytes)))
  return {
    accessToken: new Secret(parsed.accessToken),
    refreshToken: parsed.refreshToken === undefined ? null : new Secret(parsed.refreshToken),
    ...(parsed.fields && { fields: mapValues(parsed.fields, (value) => new Secret(value)) }),
    reach: parsed.reach,
  }
}

function mapValues<Value, Mapped>(
  values: Readonly<Record<string, Value>>,
  map: (value: Value) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}
