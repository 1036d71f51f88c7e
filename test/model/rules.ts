/** What a run of the explorer varies: the provider, what may go wrong, and which rule is broken on purpose. */
import type { RefreshTokenRenewal } from '@keywell/protocol'
import type { DoubtAge } from './database.ts'

export interface Configuration {
  readonly name: string
  readonly refresh: RefreshTokenRenewal
  /** How often each of these may happen in one walk. */
  readonly atMost: Budget
  readonly fault: Fault | null
  /**
   * No backend reads the connection for a long time: its refresh is not due while its token lives, and,
   * as far as the walk goes, not after that. Only a read renews it. Default: it comes due.
   */
  readonly dormant?: boolean
  /**
   * Access tokens are minted from what was typed, with `none` as the rotation: nothing that comes too late is kept, and
   * the provider may suspend the account for a while.
   */
  readonly minted?: boolean
  /** Many connections share the integration, and once in a walk the provider refuses all of them. */
  readonly shared?: boolean
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

/** Rules that can be left out, and where that shows first. */
export const faults = {
  'no compare-and-set': 'strict, old access token dies',
  'no intent': 'strict, old access token dies',
  'abort at the deadline': 'strict, old access token dies',
  'death at the first invalid_grant': 'strict, old access token dies',
  'failure writes without the lease check': 'strict, old access token dies',
  'ambiguous taken for not processed': 'strict, old access token dies',
  'the time left is that of before the request': 'strict, old access token dies',
  'a claim is not looked at again before the send': 'strict, old access token lives on',
  'a dead access token always proves the end': 'none, old access token dies',
  'a lease does not end': 'strict, old access token dies',
  'a read of a dormant connection waits for its planned refresh':
    'strict, old access token dies, dormant',
  'no incident guard': 'strict, old access token dies, shared',
  'a success ends every doubt': 'strict_family, old access token dies',
  'pairs kept aside are tried although a family is at stake':
    'strict_family, old access token dies',
  'a family is risked as soon as its grace is over': 'grace_then_family, old access token lives on',
  'a refusal of what tokens are minted from is taken for a lost answer':
    'minted, old access token dies',
} as const satisfies Record<string, string>

export type Fault = keyof typeof faults

/** Seconds; a grace that is over at last is longer than a request may take, or no repeat would fit in. */
const graceSeconds = { grace: 60, grace_then_family: 300 }
const maxRequestSeconds = 120

/** What the model calls a young doubt lies in the grace, a middling one after it; with an old one no request is open. */
export function doubtMs(
  age: DoubtAge,
  { graceSeconds = 60, maxRequestSeconds }: RefreshTokenRenewal,
): number {
  switch (age) {
    case 'young':
      return 1_000
    case 'middling':
      return (graceSeconds + 1) * 1_000
    case 'old':
      return (Math.max(graceSeconds, maxRequestSeconds) + 2) * 1_000
    default:
      age satisfies never
      throw new TypeError('unreachable')
  }
}

const rotations = [
  'none',
  'until_used',
  'grace',
  'grace_then_family',
  'strict',
  'strict_family',
] as const

export const endsFamilies = ({ rotation }: RefreshTokenRenewal): boolean =>
  rotation === 'strict_family' || rotation === 'grace_then_family'

/** The same for connections that were not read for long. */
export function everyDormant(atMost: Budget): Configuration[] {
  return everyProvider(atMost).map((configuration) => ({
    ...configuration,
    name: `${configuration.name}, dormant`,
    dormant: true,
  }))
}

/** Those that mint: a repeat does no harm there. */
export function everyMinted(atMost: Budget): Configuration[] {
  return everyProvider(atMost)
    .filter(({ refresh }) => refresh.rotation === 'none')
    .map((configuration) => ({
      ...configuration,
      name: configuration.name.replace('none', 'minted'),
      minted: true,
    }))
}

/** The same where many connections share an integration, and the provider refuses all of them for a while. */
export function everyShared(atMost: Budget): Configuration[] {
  return everyProvider(atMost).map((configuration) => ({
    ...configuration,
    name: `${configuration.name}, shared`,
    shared: true,
  }))
}

/** Every kind of provider: how it rotates, and whether a refresh kills the old access token. */
export function everyProvider(atMost: Budget): Configuration[] {
  return rotations.flatMap((rotation) =>
    [true, false].map((revokesOldAccessToken) => ({
      name: `${rotation}, old access token ${revokesOldAccessToken ? 'dies' : 'lives on'}`,
      refresh: {
        by: 'refresh_token',
        rotation,
        ...(rotation === 'grace' || rotation === 'grace_then_family'
          ? { graceSeconds: graceSeconds[rotation] }
          : {}),
        revokesOldAccessToken,
        defaultExpiresIn: 7200,
        refreshTokenLifetime: { idle: null, absolute: null },
        maxRequestSeconds,
      },
      atMost,
      fault: null,
    })),
  )
}

/** A configuration for each planted fault. */
export function everyFault(atMost: Budget): (Configuration & { fault: Fault })[] {
  const providers = [
    ...everyProvider(atMost),
    ...everyDormant(atMost),
    ...everyShared(atMost),
    ...everyMinted({ ...atMost, withdrawals: 1 }),
  ]
  return Object.entries(faults).flatMap(([fault, where]) =>
    providers
      .filter(({ name }) => name === where)
      // The entries of `faults` have its keys.
      .map((configuration) => ({ ...configuration, fault: fault as Fault })),
  )
}
