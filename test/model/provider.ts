/** A provider as the explorer sees it: who was given which pair, and what it will still take. */
import type { RenewalDefinition } from '@keywell/protocol'

export interface Provider {
  /** False once the user has withdrawn the grant. */
  readonly grantLives: boolean
  /** False once a `strict_family` provider has seen a refresh token twice. */
  readonly familyLives: boolean
  /** In the order in which they were given; a pair's name is its place. */
  readonly pairs: readonly Pair[]
}

export interface Pair {
  /** `grace`: it was used, and works for a little longer. */
  readonly refreshToken: 'fresh' | 'grace' | 'spent'
  readonly accessToken: 'active' | 'inactive'
}

const freshPair: Pair = { refreshToken: 'fresh', accessToken: 'active' }

export const firstConsent: Provider = {
  grantLives: true,
  familyLives: true,
  pairs: [freshPair],
}

/** Handles a refresh. `given` is the new pair's name; undefined: `invalid_grant`. */
export function handleRefresh(
  provider: Provider,
  sent: number,
  { rotation, revokesOldAccessToken }: RenewalDefinition,
): { provider: Provider; given: number | undefined } {
  const used = provider.pairs[sent]
  if (!isUsable(provider, sent) || used === undefined) {
    const killsFamily = rotation === 'strict_family' && used?.refreshToken === 'spent'
    return {
      provider: killsFamily ? { ...provider, familyLives: false } : provider,
      given: undefined,
    }
  }
  const after: Pair = {
    refreshToken: rotation === 'none' ? 'fresh' : rotation === 'grace' ? 'grace' : 'spent',
    accessToken: revokesOldAccessToken ? 'inactive' : used.accessToken,
  }
  return {
    provider: { ...provider, pairs: [...replaced(provider.pairs, sent, after), freshPair] },
    given: provider.pairs.length,
  }
}

/** Whether a refresh with this pair would be answered with a new one. */
export function isUsable(provider: Provider, pair: number): boolean {
  const { grantLives, familyLives, pairs } = provider
  return grantLives && familyLives && pairs[pair]?.refreshToken !== 'spent'
}

/** Whether an access token works; its natural end is looked at by the caller. */
export function accessLives({ grantLives, familyLives, pairs }: Provider, pair: number): boolean {
  return grantLives && familyLives && pairs[pair]?.accessToken === 'active'
}

/** The windows in which used tokens still work are over. */
export function endGrace(provider: Provider): Provider {
  const pairs = provider.pairs.map(
    (pair): Pair => (pair.refreshToken === 'grace' ? { ...pair, refreshToken: 'spent' } : pair),
  )
  return { ...provider, pairs }
}

function replaced(pairs: readonly Pair[], at: number, by: Pair): Pair[] {
  return pairs.map((pair, index) => (index === at ? by : pair))
}
