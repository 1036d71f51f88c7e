/** What happens of itself: time passes, the provider goes on, the user and the app act. */

import { disconnect, probeDead } from './database.ts'
import { thrownAway } from './ending.ts'
import { incidentMoves } from './incident.ts'
import { accessLives, endGrace, handleRefresh, usePair } from './provider.ts'
import { type Configuration, endsFamilies } from './rules.ts'
import { type Actor, type Move, mapActors, spend, type World } from './world.ts'

export function surroundingMoves(world: World, configuration: Configuration): Move[] {
  return [
    ...comeDue(world, configuration),
    ...endLease(world, configuration),
    ...passTime(world, configuration),
    ...ageDoubt(world, configuration),
    ...useStored(world, configuration),
    ...closeGrace(world, configuration),
    ...settleAdrift(world, configuration),
    ...reportDead(world),
    ...withdraw(world),
    ...remove(world),
    ...incidentMoves(world, configuration),
  ]
}

/** A life is longer than the time that a provider works on a request. */
function comeDue(world: World, { dormant = false }: Configuration): Move[] {
  const { schedule } = world.tables
  if (schedule === null || schedule.due || schedule.state === 'dead') return []
  if (schedule.state === 'idle' && dormant) return []
  if (schedule.state === 'idle' && hasOpenRequest(world)) return []
  const tables = { ...world.tables, schedule: { ...schedule, due: true } }
  const before = schedule.state === 'idle' ? spend(world, 'lives') : world
  if (before === undefined) return []
  return [{ label: 'the refresh is due', world: letTimePass({ ...before, tables }) }]
}

/** A lease that is held ends only if its process stands still. */
function endLease(world: World, { fault }: Configuration): Move[] {
  const { schedule } = world.tables
  if (fault === 'a lease does not end') return []
  if (schedule === null || !schedule.held || schedule.leaseEnded) return []
  const holder = schedule.lastClaim ?? Number.NaN
  const isAlive = world.actors[holder]?.at !== 'idle'
  const before = isAlive ? spend(world, 'misfortunes') : world
  if (before === undefined) return []
  const tables = { ...before.tables, schedule: { ...schedule, leaseEnded: true } }
  const actors = mapActors(world, (actor, at) => (at === holder ? makeLate(actor) : actor))
  const ended = { ...before, tables, actors }
  const label = isAlive ? 'the holder stands still until its lease ends' : 'the lease ends'
  return [{ label, world: ended, isMishap: isAlive }]
}

function passTime(world: World, { refresh }: Configuration): Move[] {
  if (world.time === 'ended' || world.tables.credential === null) return []
  // Only where a family is at stake is something done shortly before the end.
  const next = endsFamilies(refresh) && world.time === 'plenty' ? 'little' : 'ended'
  return [{ label: `of the access token's time: ${next}`, world: { ...world, time: next } }]
}

/** A provider works on a request for a limited time; a doubt is old only when that is over. */
function ageDoubt(world: World, { refresh }: Configuration): Move[] {
  const { schedule } = world.tables
  if (schedule?.doubt == null || schedule.doubt === 'old') return []
  const hasGrace = refresh.graceSeconds !== undefined
  const next = hasGrace && schedule.doubt === 'young' ? 'middling' : 'old'
  if (next === 'old' && hasOpenRequest(world)) return []
  const tables = { ...world.tables, schedule: { ...schedule, doubt: next } as const }
  return [{ label: `the doubt is ${next}`, world: letTimePass({ ...world, tables }) }]
}

export function hasOpenRequest({ adrift, actors }: World): boolean {
  return (
    adrift.length > 0 || actors.some((actor) => actor.at === 'waiting' && actor.answer === 'none')
  )
}

/** A backend uses the access token that it was given. */
function useStored(world: World, { refresh }: Configuration): Move[] {
  const { credential } = world.tables
  if (credential === null || world.time === 'ended') return []
  const provider = usePair(world.provider, credential.pair, refresh)
  if (provider === world.provider) return []
  return [{ label: `pair ${credential.pair} is used`, world: { ...world, provider } }]
}

/**
 * The provider's window begins with the use, so it is open at least while the doubt is young. What went out again in
 * time to be processed in it is processed in it.
 */
function closeGrace(world: World, { refresh }: Configuration): Move[] {
  if (refresh.graceSeconds === undefined) return []
  const isOpen = world.provider.pairs.some(({ refreshToken }) => refreshToken === 'grace')
  if (!isOpen || world.tables.schedule?.doubt === 'young') return []
  if (endsFamilies(refresh) && hasOpenRequest(world)) return []
  return [{ label: 'the grace is over', world: { ...world, provider: endGrace(world.provider) } }]
}

/** A request without a listener is processed late, or never. */
function settleAdrift(world: World, { refresh }: Configuration): Move[] {
  return world.adrift.flatMap(({ pair, abandoned }, place): Move[] => {
    const adrift = world.adrift.filter((_, at) => at !== place)
    const { provider, given } = handleRefresh(world.provider, pair, refresh)
    const isWaste = abandoned && given !== undefined
    return [
      {
        label: `the provider processes a request without a listener: ${given === undefined ? 'invalid_grant' : `pair ${given}`}`,
        world: { ...world, provider, adrift },
        isMishap: true,
        ...(isWaste ? { violation: thrownAway } : {}),
      },
      {
        label: 'the provider drops a request without a listener',
        world: { ...world, adrift },
      },
    ]
  })
}

/** A reader's call upstream was answered 401, and the probe agrees. */
function reportDead(world: World): Move[] {
  const { credential, schedule } = world.tables
  if (credential === null || schedule?.due || world.time === 'ended') return []
  if (accessLives(world.provider, credential.pair)) return []
  const tables = probeDead(world.tables, credential.generation)
  if (!tables.schedule?.due) return [] // it waits something out, and nothing came of the probe
  return [{ label: 'the reader reports a dead access token', world: { ...world, tables } }]
}

function withdraw(world: World): Move[] {
  const spent = world.provider.grantLives ? spend(world, 'withdrawals') : undefined
  if (spent === undefined) return []
  const provider = { ...world.provider, grantLives: false }
  return [{ label: 'the user withdraws the grant', world: { ...spent, provider }, isMishap: true }]
}

function remove(world: World): Move[] {
  const spent = world.tables.credential === null ? undefined : spend(world, 'disconnects')
  if (spent === undefined) return []
  const tables = disconnect(world.tables)
  return [{ label: 'the app disconnects', world: { ...spent, tables }, isMishap: true }]
}

/** So much that no actor may still send under a claim from before. */
function letTimePass(world: World): World {
  const isBeforeSend = ({ at }: Actor) => at === 'claimed' || at === 'ready'
  return {
    ...world,
    actors: mapActors(world, (actor) => (isBeforeSend(actor) ? makeLate(actor) : actor)),
  }
}

function makeLate(actor: Actor): Actor {
  return actor.at === 'idle' ? actor : { ...actor, late: true }
}
