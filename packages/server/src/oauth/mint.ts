import type { InstallationMethod, MintedMethod, ProviderDefinition } from '@keywell/protocol'
import {
  addressOf,
  commonReach,
  isTenantsOwn,
  type Reach,
  type Variables,
} from '@keywell/providers'
import { decodeJwt } from 'jose'
import type { Outbound } from '../outbound/outbound.ts'
import type { Registration, Sending } from './client.ts'
import { appHeaders, installationAddress } from './installation.ts'
import { type MintRequest, mintRequest } from './mint-request.ts'
import { mintValues, UnusableField } from './mint-values.ts'
import type { CredentialValues } from './send.ts'
import { classifyTokenAnswer, type TokenOutcome, type Unusable } from './token-answer.ts'
import { accessLifeMs } from './token-body.ts'

interface AnySeed {
  provider: ProviderDefinition
  /** Of the connection's host. */
  variables: Variables
  /** What was typed; of an installation its id. */
  fields: CredentialValues
  /** What it was stored for. */
  reach: Reach
}

interface TypedSeed extends AnySeed {
  method: MintedMethod
}

interface InstalledSeed extends AnySeed {
  method: InstallationMethod
  /** That is installed. */
  app: Registration
}

/** What access tokens are minted from. */
export type Seed = TypedSeed | InstalledSeed

/** Nothing of an answer is used but its access token. */
export type MintOutcome = Exclude<TokenOutcome, Unusable>

/** An access token by what was typed, or by an app for its installation. Each request brings one, and uses nothing up. */
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
  const reach = 'app' in seed ? commonReach([seed.reach, seed.app.reach]) : seed.reach
  const within = { reach, side: 'client' } as const
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
export async function prepareMint(seed: Prepared): Promise<MintRequest> {
  if ('app' in seed) return installationMint(seed)
  const { provider, method, variables, fields } = seed
  const address = addressOf(method.token.url, variables)
  return await mintRequest(method, mintValues(provider, method, fields), address)
}

type Prepared = Omit<TypedSeed, 'reach'> | Omit<InstalledSeed, 'reach'>

async function installationMint({
  method: { token, assertion },
  app,
  fields,
}: Omit<InstalledSeed, 'reach'>): Promise<MintRequest> {
  const address = installationAddress(token.url, app.variables, fields)
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    ...token.headers,
    ...(await appHeaders(assertion, app)),
  }
  return { send: (fetch) => fetch(address.href, { method: 'POST', headers, body: '{}' }) }
}

function ofMinting(seed: Seed, outcome: TokenOutcome): MintOutcome {
  const { provider } = seed
  switch (outcome.kind) {
    case 'tokens': {
      const { accessToken } = outcome.tokens
      const expiresAtFromJwt = 'app' in seed ? undefined : seed.method.token.answer.expiresAtFromJwt
      return {
        ...outcome,
        tokens: { accessToken, refreshToken: null },
        scopes: outcome.scopes?.map((text) => nameOf(provider, text)) ?? null,
        ...(expiresAtFromJwt && { expiresInMs: jwtLifeMs(accessToken.expose()) }),
        refreshExpiresInMs: null,
      }
    }
    // Without an app, the client is what was typed.
    case 'client_rejected':
      return 'app' in seed ? outcome : { kind: 'rejected', detail: outcome.detail }
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
