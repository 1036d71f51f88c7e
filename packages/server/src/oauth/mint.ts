import type { MintedMethod, ProviderDefinition } from '@keywell/protocol'
import { addressOf, isTenantsOwn, type Reach, type Variables } from '@keywell/providers'
import { decodeJwt } from 'jose'
import type { Outbound } from '../outbound/outbound.ts'
import type { Sending } from './client.ts'
import { type MintRequest, mintRequest } from './mint-request.ts'
import { mintValues, UnusableField } from './mint-values.ts'
import type { CredentialValues } from './send.ts'
import { classifyTokenAnswer, type TokenOutcome, type Unusable } from './token-answer.ts'
import { accessLifeMs } from './token-body.ts'

/** What access tokens are minted from. */
export interface Seed {
  provider: ProviderDefinition
  method: MintedMethod
  /** Of the connection's host. */
  variables: Variables
  /** What was typed. */
  fields: CredentialValues
  /** What it was stored for. */
  reach: Reach
}

/** No client of an integration takes part, and nothing of an answer is used but its access token. */
export type MintOutcome = Exclude<TokenOutcome, Unusable | { kind: 'client_rejected' }>

/** An access token by what was typed. Each request brings one, and uses nothing up. */
export async function mintToken(
  outbound: Outbound,
  seed: Seed,
  sending: Sending,
): Promise<MintOutcome> {
  let request: MintRequest
  try {
    request = await prepareMint(seed)
  } catch (error) {
    if (!(error instanceof UnusableField)) throw error
    return { kind: 'request_rejected', detail: 'unusable_field' }
  }
  const within = { reach: seed.reach, side: 'client' } as const
  const isOwn = isTenantsOwn(seed.provider)
  const outcome = await classifyTokenAnswer({
    ...request,
    send: () =>
      request.send((url, init) => outbound.fetch(url, { ...init, ...sending, isOwn, within })),
    endpoint: seed.method.token,
  })
  return ofMinting(seed, outcome)
}

/**
 * The request, without anything being sent.
 *
 * @throws UnusableField when it cannot be made of what was typed
 */
export async function prepareMint({
  provider,
  method,
  variables,
  fields,
}: Omit<Seed, 'reach'>): Promise<MintRequest> {
  const address = addressOf(method.token.url, variables)
  return await mintRequest(method, mintValues(provider, method, fields), address)
}

function ofMinting({ provider, method }: Seed, outcome: TokenOutcome): MintOutcome {
  switch (outcome.kind) {
    case 'tokens': {
      const { accessToken } = outcome.tokens
      const { expiresAtFromJwt } = method.token.answer
      return {
        ...outcome,
        tokens: { accessToken, refreshToken: null },
        scopes: outcome.scopes?.map((text) => nameOf(provider, text)) ?? null,
        ...(expiresAtFromJwt && { expiresInMs: jwtLifeMs(accessToken.expose()) }),
        refreshExpiresInMs: null,
      }
    }
    // The client is what was typed.
    case 'client_rejected':
      return { kind: 'rejected', detail: outcome.detail }
    // What came with it is of no use: another request brings another.
    case 'unusable':
      return { kind: 'ambiguous', detail: outcome.detail }
    default:
      return outcome
  }
}

function nameOf({ scopes }: ProviderDefinition, written: string): string {
  return scopes.find(({ wire }) => wire === written)?.name ?? written
}

/** Counted from its beginning, where it names that: the provider's clock may differ from ours. */
function jwtLifeMs(token: string): number | null {
  try {
    const { exp, iat = Date.now() / 1000 } = decodeJwt(token)
    return exp === undefined ? null : accessLifeMs(exp - iat)
  } catch {
    return null
  }
}
