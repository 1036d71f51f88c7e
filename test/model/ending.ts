/** How an attempt ends: with a pair that is committed or kept, or with what it has learnt. */
import { type RefreshState, recheckStateAfter, step } from '@keywell/server/model'
import {
  type Claim,
  type Ending,
  endConnection,
  keepAside,
  recordFailure,
  replaceCredential,
  type Tables,
} from './database.ts'
import { decisionOf, withRefused } from './incident.ts'
import type { Configuration, Fault } from './rules.ts'
import { type Actor, idle, type Move, type Reading, spend, type World, withActor } from './world.ts'

export const thrownAway = 'a pair that reached a living process is thrown away'

/** Whether or not the actor still holds the lease: the pair of generation g is g+1, or kept aside, or withdrawn. */
export function commit(
  world: World,
  index: number,
  { claim, late, source, pair }: Reading & { pair: number },
  { fault, refresh, minted = false }: Configuration,
): Move[] {
  const current = world.tables.credential
  const isBlind = fault === 'no compare-and-set' && current !== null
  const { generation } = isBlind ? current : source
  const isForgotten = fault === 'a success ends every doubt'
  const recheckState = isForgotten ? 'none' : recheckStateAfter(refresh, stateOf(claim))
  const replaced = replaceCredential(world.tables, index, { generation, pair, recheckState })
  const tables = replaced ?? (minted ? world.tables : keepAside(world.tables, pair))
  const time = replaced === undefined ? world.time : 'plenty'
  const isOther = current !== null && current.pair !== pair
  const overwritten = isOther && replaced !== undefined && current.generation !== source.generation
  // What was minted and comes too late is nobody's loss.
  const isLost = !isKept(tables, pair) && !(minted && replaced === undefined)
  const violation = overwritten || isLost ? { violation: thrownAway } : {}
  const notCommitted = minted ? `leaves pair ${pair} to its end` : `keeps pair ${pair} aside`
  const label = replaced === undefined ? notCommitted : `commits pair ${pair}`
  const after = withRefused(
    { ...world, tables, time },
    replaced === undefined ? world.incident.refused : 'no',
  )
  const moves: Move[] = [{ label, world: withActor(after, index, idle), ...violation }]
  const spent = spend(after, 'misfortunes')
  if (replaced !== undefined && spent !== undefined) {
    const unaware: Actor = { at: 'holding', claim, late, source, pair }
    moves.push({
      label: `${label}, and the reply is lost`,
      world: withActor(spent, index, unaware),
      isMishap: true,
      ...violation,
    })
  }
  return moves
}

function isKept({ credential, orphans, revocations }: Tables, pair: number): boolean {
  return credential?.pair === pair || orphans.includes(pair) || revocations.includes(pair)
}

/** Nothing was sent: there is doubt to wait out, or no time left. */
export function releaseClaim(world: World, index: number, { claim, late, source }: Reading): Move {
  const ending = { kind: 'not_sent', retryInMs: 1_000 } as const
  const given = endAttempt(world, index, { claim, late, source, ending }, { fault: null })
  return { ...given, label: `sends nothing, ${given.label}` }
}

/** Writes what an attempt that brought no pair has taught: one transaction. */
export function endAttempt(
  world: World,
  index: number,
  { claim, source, ending }: Reading & { ending: Ending },
  configuration: Pick<Configuration, 'fault' | 'shared'>,
): Move {
  const { fault } = configuration
  const done = (tables: Tables, label: string): Move => ({
    label,
    world: withActor({ ...world, tables }, index, idle),
  })
  const hasMoved = world.tables.credential?.generation !== source.generation
  const event = hasMoved && ending.kind !== 'not_sent' ? overtaken : misread(ending, fault)
  const asked = step(stateOf(claim), event, { jitter: () => 0.5 })
  const decision = decisionOf(world, configuration, claim.othersLive === true)
  const isDecided = asked?.death !== null && decision !== 'end'
  const next = isDecided ? step(stateOf(claim), event, { jitter: () => 0.5, decision }) : asked
  if (next === undefined || next.state === 'none') throw new TypeError('it ends an attempt')
  const isUnchecked = fault === 'failure writes without the lease check'
  const holder = (isUnchecked ? world.tables.schedule?.lastClaim : null) ?? index
  const failed = recordFailure(world.tables, holder, { ...next, state: next.state })
  if (failed === undefined) return done(world.tables, 'has lost the lease')
  if (next.death === null) {
    const written = done(
      failed,
      `writes ${next.state}${isDecided ? `, by the incident guard: ${decision}` : ''}`,
    )
    return next.refused ? { ...written, world: withRefused(written.world, 'yes') } : written
  }
  const ended = endConnection(failed, source.generation, next.death)
  return done(ended, `writes ${next.state}, ${next.death.reason}`)
}

function stateOf({ previousState, doubt }: Claim): RefreshState {
  return { state: 'refreshing', previousState, failures: 0, unresolved: doubt !== null }
}

const overtaken = { kind: 'overtaken' } as const

/** Two of the planted faults are wrong readings of what came back. */
function misread(ending: Ending, fault: Fault | null): Ending {
  if (fault === 'death at the first invalid_grant' && ending.kind === 'rejected') {
    return { ...ending, oldAccessToken: 'inactive', repeatable: false }
  }
  if (fault === 'ambiguous taken for not processed' && ending.kind === 'ambiguous') {
    return { kind: 'not_processed', retryAfterMs: null }
  }
  return ending
}
