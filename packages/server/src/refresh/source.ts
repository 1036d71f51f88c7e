import type { Method, ProviderDefinition, Secret } from '@keywell/protocol'
import { isMinted, methodOf, variablesAt } from '@keywell/providers'
import { type Registration, refreshTokens, type Sending } from '../oauth/client.ts'
import { mintToken, type Seed } from '../oauth/mint.ts'
import type { TokenOutcome } from '../oauth/token-answer.ts'
import type { KeptTokenSet } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'
import type { AttemptParts } from './attempt-context.ts'
import { type Renewal, renewalOf } from './renewal-of.ts'

/** What the next access token of a connection comes from. */
export type Source =
  | { by: 'refresh_token'; registration: Registration; refreshToken: Secret }
  | { by: 'mint'; seed: Seed }

/** A connection whose access token can be renewed. */
export interface Renewable {
  provider: ProviderDefinition
  method: Method
  source: Source
  renewal: Renewal
  /** It is renewed by the definition that it was stored under, not by the one of now. */
  isOutgrown: boolean
}

/** Undefined: there is nothing to renew it with. */
export async function openSource(
  { versions, integrations }: Pick<AttemptParts, 'versions' | 'integrations'>,
  row: KeptCredentialRow,
  { refreshToken, fields, reach }: KeptTokenSet,
): Promise<Renewable | undefined> {
  const { provider, isOutgrown } = await versions.usedBy(row, reach)
  const method = methodOf(provider, row.method)
  const renewal = renewalOf(method, row)
  if (renewal === null) return undefined
  const known = { provider, method, renewal, isOutgrown }
  if (isMinted(method)) {
    if (fields === undefined) return undefined
    const seed = { provider, variables: variablesAt(provider, row.host), fields, reach }
    if (method.kind !== 'installation') {
      return { ...known, source: { by: 'mint', seed: { ...seed, method } } }
    }
    const app = await integrations.registration({ ...row, definition: provider })
    return { ...known, source: { by: 'mint', seed: { ...seed, method, app } } }
  }
  if (refreshToken === null) return undefined
  const registration = await integrations.registration({ ...row, definition: provider })
  return { ...known, source: { by: 'refresh_token', registration, refreshToken } }
}

/** The app whose client takes part; undefined: there is none, as with what was typed. */
export function appOfSource(source: Source): Registration | undefined {
  if (source.by === 'refresh_token') return source.registration
  return 'app' in source.seed ? source.seed.app : undefined
}

/** One request for the next access token. */
export function renew(
  outbound: Outbound,
  source: Source,
  options: { reach: KeptTokenSet['reach']; scopes: readonly string[]; sending: Sending },
): Promise<TokenOutcome> {
  return source.by === 'mint'
    ? mintToken(outbound, source.seed, options.sending)
    : refreshTokens(outbound, source.registration, {
        ...options,
        refreshToken: source.refreshToken,
      })
}
