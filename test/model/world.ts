/** Everything that can differ between two moments of a walk, and how a walk begins. */
import { type Claim, connected, type Ending, type Tables } from './database.ts'
import { beginningOf, type Incident } from './incident.ts'
import { firstConsent, type Provider } from './provider.ts'
import type { Budget, Configuration } from './rules.ts'

export interface World {
  readonly tables: Tables
  readonly provider: Provider
  /** What is left of the stored access token's time. */
  readonly time: TokenTime
  /** Two workers, and a reader who refreshes what has ended. */
  readonly actors: readonly [Actor, Actor, Actor]
  /** Requests without a listener, that may still be processed. */
  readonly adrift: readonly Adrift[]
  /** Pairs whose refresh token went out and of which no outcome is known. */
  readonly unresolved: readonly number[]
  readonly left: Budget
  readonly incident: Incident
}

/** `little`: within the two minutes in which a family is risked. */
export type TokenTime = 'plenty' | 'little' | 'ended'

export interface Adrift {
  readonly pair: number
  /** The process that sent it lives, and has closed the socket itself. */
  readonly abandoned: boolean
}

/** The row as an attempt read it. */
export interface Source {
  readonly generation: number
  readonly pair: number
}

/** A process at work on one claim. `late`: its lease has ended, and it may not know it. */
export type Actor =
  | { readonly at: 'idle' }
  | (Working & { readonly at: 'claimed' })
  | (Reading & { readonly at: 'ready' })
  | Waiting
  /** Commits again, because the reply to the commit was lost. */
  | (Reading & { readonly at: 'holding'; readonly pair: number })
  | (Reading & { readonly at: 'failing'; readonly ending: Ending })

/** A request is open, or its answer is on the way. */
export interface Waiting extends Reading {
  readonly at: 'waiting'
  readonly sent: number
  readonly answer: Answer | 'none'
  /** The token's last use before this one had no known outcome. */
  readonly wasUnresolved: boolean
  /** It is a pair that was kept aside, tried before the connection is given up. */
  readonly isSpare: boolean
}

/** The name of a new pair, or `invalid_grant`. */
export type Answer = number | 'refused'

interface Working {
  readonly claim: Claim
  readonly late: boolean
}

export interface Reading extends Working {
  readonly source: Source
}

/** One thing that may happen next. */
export interface Move {
  readonly label: string
  readonly world: World
  /** It need not happen: no way out may depend on it. */
  readonly isMishap?: boolean
  /** What this move itself violates. */
  readonly violation?: string
}

export const idle: Actor = { at: 'idle' }

export function beginning(configuration: Configuration): World {
  return {
    tables: connected,
    provider: firstConsent,
    time: 'plenty',
    actors: [idle, idle, idle],
    adrift: [],
    unresolved: [],
    left: configuration.atMost,
    incident: beginningOf(configuration),
  }
}

export function withActor(world: World, index: number, actor: Actor): World {
  return { ...world, actors: mapActors(world, (old, at) => (at === index ? actor : old)) }
}

export function mapActors(
  { actors: [a, b, reader] }: World,
  change: (actor: Actor, index: number) => Actor,
): World['actors'] {
  return [change(a, 0), change(b, 1), change(reader, 2)]
}

/** Spends one of what may happen so often; undefined when there is none left. */
export function spend(world: World, what: keyof Budget): World | undefined {
  if (world.left[what] === 0) return undefined
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } }
}

/**
 * Gives the same text for worlds that differ only in which of the two workers is which, or in the name
 * of a holder who is gone. Parts that stay the same from move to move are written once.
 */
export function createKeyOf(): (world: World) => string {
  const texts = new WeakMap<object, string>()
  function textOf(part: object): string {
    const known = texts.get(part)
    if (known !== undefined) return known
    const text = JSON.stringify(part)
    texts.set(part, text)
    return text
  }

  return ({ tables, provider, time, actors, adrift, unresolved, left, incident }) => {
    const { schedule, credential, connection, orphans, revocations } = tables
    const [a, b, reader] = actors.map((actor, index) => {
      const holds = schedule?.lastClaim === index && actor.at !== 'idle'
      return holds ? `*${textOf(actor)}` : textOf(actor)
    })
    const isSorted = a !== undefined && b !== undefined && a < b
    const row = schedule && [schedule.state, schedule.due, schedule.held, schedule.leaseEnded]
    return [
      `${row}${schedule?.doubt}${time}`,
      credential === null ? '' : textOf(credential),
      `${connection.status}${connection.reason}${orphans};${revocations};${unresolved}`,
      textOf(provider),
      isSorted ? `${a}${b}` : `${b}${a}`,
      reader,
      textOf(adrift),
      textOf(left),
      `${incident.phase}${incident.held}${incident.refused}`,
    ].join('|')
  }
}
