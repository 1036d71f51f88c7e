/** What a run of the explorer varies: the provider, what may go wrong, and which rule is broken on purpose. */
import type { RefreshDefinition } from '@keywell/protocol'

export interface Configuration {
  readonly name: string
  readonly refresh: RefreshDefinition
  /** How often each of these may happen in one walk. */
  readonly atMost: Budget
  readonly fault: Fault | null
}

export interface Budget {
  /** Access tokens that come due while they are good. */
  readonly lives: number
  /** Crashes, pauses past the lease, answers and replies of the database that get lost: in all. */
  readonly misfortunes: number
  /** The provider says `invalid_grant` of a token that is good. */
  readonly falseRefusals: number
  /** The user withdraws the grant at the provider. */
  readonly withdrawals: number
  readonly disconnects: number
}

/** Rules that can be left out, to see that the explorer notices. */
export const faults = [
  'no compare-and-set',
  'no intent',
  'abort at the deadline',
  'death at the first invalid_grant',
  'failure writes without the lease check',
  'ambiguous taken for not processed',
  'time measured once',
  'a claim that is not looked at again',
] as const

export type Fault = (typeof faults)[number]

/** Seconds; what the model calls a young doubt lies before the first, an old one after the second. */
export const graceSeconds = 60
export const maxRequestSeconds = 120

const rotations = ['none', 'grace', 'strict', 'strict_family'] as const

/** Every kind of provider: how it rotates, and whether a refresh kills the old access token. */
export function everyProvider(atMost: Budget): Configuration[] {
  return rotations.flatMap((rotation) =>
    [true, false].map((revokesOldAccessToken) => ({
      name: `${rotation}, old access token ${revokesOldAccessToken ? 'dies' : 'lives on'}`,
      refresh: {
        rotation,
        ...(rotation === 'grace' ? { graceSeconds, graceAnswer: 'sibling' as const } : {}),
        revokesOldAccessToken,
        defaultExpiresIn: 7200,
        refreshTokenLifetime: null,
        maxRequestSeconds,
      },
      atMost,
      fault: null,
    })),
  )
}
