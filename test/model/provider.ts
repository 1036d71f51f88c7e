/** A provider as the explorer sees it: who was given which pair, and what it will still take. */
import type { RefreshTokenRenewal } from '@keywell/protocol'

export interface Provider {
  /** False once the user has withdrawn the grant. */
  readonly grantLives: boolean
  /** False once a provider that ends families has seen a spent refresh token. */
  readonly familyLives: boolean
  /** In the order in which they were given; a pair's name is its place. */
  readonly pairs: readonly Pair[]
}

export interface Pair {
  /** `grace`: it was used, and works for a little longer, or until its successor is used. */
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
  { rotation, revokesOldAccessToken }: RefreshTokenRenewal,
): { provider: Provider; given: number | undefined } {
  const used = provider.pairs[sent]
  if (!isUsable(provider, sent) || used === undefined) {
    const killsFamily =
      (rotation === 'strict_family' || rotation === 'grace_then_family') &&
      used?.refreshToken === 'spent'
    return {
      provider: killsFamily ? { ...provider, familyLives: false } : provider,
      given: undefined,
    }
  }
  const renewal = { rotation, revokesOldAccessToken }
  const { pairs } = usePair(provider, sent, renewal)
  const isRevoked = revokesOldAccessToken && rotation !== 'until_used'
  const after: Pair = {
    refreshToken: afterUse[rotation],
    accessToken: isRevoked ? 'inactive' : used.accessToken,
  }
  return {
    provider: { ...provider, pairs: [...replaced(pairs, sent, after), freshPair] },
    given: pairs.length,
  }
}

const afterUse: Record<RefreshTokenRenewal['rotation'], Pair['refreshToken']> = {
  none: 'fresh',
  until_used: 'grace',
  grace: 'grace',
  grace_then_family: 'grace',
  strict: 'spent',
  strict_family: 'spent',
}

/** A token of this pair is used: with `until_used`, pairs from before it that were refreshed end now. */
export function usePair(
  provider: Provider,
  used: number,
  {
    rotation,
    revokesOldAccessToken,
  }: Pick<RefreshTokenRenewal, 'rotation' | 'revokesOldAccessToken'>,
): Provider {
  const isOver = ({ refreshToken }: Pair, name: number) => refreshToken === 'grace' && name < used
  if (rotation !== 'until_used' || !provider.pairs.some(isOver)) return provider
  const pairs = provider.pairs.map((pair, name): Pair => {
    if (!isOver(pair, name)) return pair
    const accessToken = revokesOldAccessToken ? 'inactive' : pair.accessToken
    return { refreshToken: 'spent', accessToken }
  })
  return { ...provider, pairs }
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
