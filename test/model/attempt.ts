/**
 * One attempt, from the claim to its end, in the steps in which `refresh.ts` takes it: between any two of
 * them every other actor may go on, and the process may die. Steps between which no other actor could make a
 * difference are one.
 */
import type { RefreshTokenRenewal } from '@keywell/protocol'
import { resolveIndeterminate } from '@keywell/server/model'
import { claimRefresh, holds, restartIndeterminate } from './database.ts'
import { commit, endAttempt, releaseClaim } from './ending.ts'
import { drift, probe, receive, sendPair, wait } from './request.ts'
import { type Configuration, doubtMs, type Fault } from './rules.ts'
import { hasOpenRequest } from './surroundings.ts'
import {
  type Actor,
  idle,
  type Move,
  type Reading,
  spend,
  type TokenTime,
  type World,
  withActor,
} from './world.ts'

/** What one actor may do next. */
export function movesOf(world: World, index: number, configuration: Configuration): Move[] {
  const actor = world.actors[index] ?? idle
  const moves = [...progress(world, index, actor, configuration), ...crash(world, index, actor)]
  return moves.map((move) => ({ ...move, label: `${names[index]} ${move.label}` }))
}

const names = ['A', 'B', 'reader']
const reader = 2

function progress(world: World, index: number, actor: Actor, configuration: Configuration): Move[] {
  switch (actor.at) {
    case 'idle':
      return claim(world, index, configuration)
    case 'claimed':
      return [prepare(world, index, actor, configuration)]
    case 'ready':
      return [send(world, index, actor, configuration)]
    case 'waiting':
      return actor.answer === 'none'
        ? wait(world, index, actor, configuration)
        : receive(world, index, { ...actor, answer: actor.answer }, configuration)
    case 'holding':
      return commit(world, index, actor, configuration)
    case 'failing':
      return [endAttempt(world, index, actor, configuration)]
    default:
      actor satisfies never
      return []
  }
}

function claim(world: World, index: number, { fault }: Configuration): Move[] {
  const isReader = index === reader
  if (isReader && world.time !== 'ended') return []
  const mayBeUnplanned = fault !== 'a read of a dormant connection waits for its planned refresh'
  // A life is longer than the time that a provider works on a request.
  const isUnplanned =
    isReader && mayBeUnplanned && !world.tables.schedule?.due && !hasOpenRequest(world)
  const taken = claimRefresh(world.tables, index, isUnplanned)
  const before = isUnplanned ? spend(world, 'lives') : world
  if (taken === undefined || before === undefined) return []
  let { tables } = taken
  if (fault === 'no intent' && tables.schedule !== null) {
    tables = { ...tables, schedule: { ...tables.schedule, doubt: taken.claim.doubt } }
  }
  const othersLive = world.incident.refused === 'others_live'
  const claim = othersLive ? { ...taken.claim, othersLive } : taken.claim
  const claimed: Actor = { at: 'claimed', claim, late: false }
  return [{ label: 'claims', world: withActor({ ...before, tables }, index, claimed) }]
}

/**
 * Reads the row, after the claim, since its holder before may have moved the generation; and if an
 * earlier attempt has no known outcome, finds out whether the same refresh token may go out again.
 */
function prepare(
  world: World,
  index: number,
  { claim, late }: Extract<Actor, { at: 'claimed' }>,
  { refresh: declared, fault }: Configuration,
): Move {
  const source = world.tables.credential
  if (source === null) {
    return { label: 'finds nothing to refresh', world: withActor(world, index, idle) }
  }
  const ready = { at: 'ready', claim, late, source } as const
  if (claim.doubt === null) {
    return { label: 'reads the row', world: withActor(world, index, ready) }
  }
  const refresh = misread(declared, fault)
  const known = {
    unresolvedForMs: doubtMs(claim.doubt, declared),
    accessTokenEndsInMs: timeLeftMs[world.time],
  }
  const first = resolveIndeterminate(refresh, known)
  const oldAccessToken = first.do === 'probe' ? probe(world, source) : undefined
  const decision = oldAccessToken
    ? resolveIndeterminate(refresh, { ...known, oldAccessToken })
    : first
  const seen = `reads the row${oldAccessToken ? `, sees its access token ${oldAccessToken}` : ''}`
  if (decision.do !== 'send') {
    const given = releaseClaim(world, index, ready)
    return { ...given, label: `${seen}, waits, ${given.label}` }
  }
  if (decision.settled) return settle(world, index, ready, seen)
  return { label: `${seen}, will send again`, world: withActor(world, index, ready) }
}

/** One of the planted faults is a wrong reading of what the provider's data says. */
function misread(refresh: RefreshTokenRenewal, fault: Fault | null): RefreshTokenRenewal {
  const isMisread = fault === 'a family is risked as soon as its grace is over'
  return isMisread ? { ...refresh, rotation: 'grace' } : refresh
}

/** Nothing happened the last time: what is sent next begins a doubt of its own. */
function settle(world: World, index: number, ready: Extract<Actor, { at: 'ready' }>, seen: string) {
  const { claim, source } = ready
  const label = `${seen}, settles the doubt`
  const tables = restartIndeterminate(world.tables, index)
  if (tables === undefined) return { label, world: withActor(world, index, idle) }
  const settled: Actor = { ...ready, claim: { ...claim, doubt: null } }
  const unresolved = world.unresolved.filter((pair) => pair !== source.pair)
  const next = { label, world: withActor({ ...world, tables, unresolved }, index, settled) }
  if (!mayHaveBeenUsed(world, source.pair)) return next
  return { ...next, violation: 'a doubt is settled that was right' }
}

function mayHaveBeenUsed({ provider, adrift, actors }: World, pair: number): boolean {
  const isOpen = (actor: Actor) =>
    actor.at === 'waiting' && actor.sent === pair && actor.answer === 'none'
  return (
    provider.pairs[pair]?.refreshToken !== 'fresh' ||
    adrift.some((request) => request.pair === pair) ||
    actors.some(isOpen)
  )
}

/**
 * The claim is looked at again right before the first byte. What happens between these two is beyond
 * every protocol, so they are one step.
 */
function send(world: World, index: number, actor: Reading, configuration: Configuration): Move {
  const { fault, refresh } = configuration
  const isOver = !holds(world.tables, index)
  if (isOver && fault !== 'a claim is not looked at again before the send') {
    return { label: 'finds its claim over', world: withActor(world, index, idle) }
  }
  if (actor.late) return releaseClaim(world, index, actor)
  return sendPair(world, index, actor, { pair: actor.source.pair, isSpare: false }, refresh)
}

function crash(world: World, index: number, actor: Actor): Move[] {
  const spent = spend(world, 'misfortunes')
  if (actor.at === 'idle' || spent === undefined) return []
  const dead = actor.at === 'waiting' ? drift(spent, actor, false) : spent
  return [{ label: 'crashes', world: withActor(dead, index, idle), isMishap: true }]
}

const timeLeftMs: Record<TokenTime, number> = { plenty: 3_600_000, little: 60_000, ended: -1 }
