/** A request from its first byte until its answer is understood, or lost. */
import type { RefreshTokenRenewal } from '@keywell/protocol'
import type { TokenProbe } from '@keywell/server/model'
import { type Ending, takeOrphan } from './database.ts'
import { commit, thrownAway } from './ending.ts'
import { lies } from './incident.ts'
import { accessLives, handleRefresh, isUsable } from './provider.ts'
import { type Configuration, endsFamilies } from './rules.ts'
import {
  type Actor,
  type Answer,
  type Move,
  type Reading,
  type Source,
  spend,
  type Waiting,
  type World,
  withActor,
} from './world.ts'

export function sendPair(
  world: World,
  index: number,
  { claim, late, source }: Reading,
  { pair: sent, isSpare }: { pair: number; isSpare: boolean },
  refresh: RefreshTokenRenewal,
): Move {
  const wasUnresolved = world.unresolved.includes(sent)
  const asked = { claim, late, source, sent, isSpare, wasUnresolved }
  const waiting: Actor = { ...asked, at: 'waiting', answer: 'none' }
  const unresolved = wasUnresolved ? world.unresolved : [...world.unresolved, sent].sort()
  const label = `sends the refresh token of pair ${sent}${isSpare ? ', which was kept aside' : ''}`
  const next = { label, world: { ...withActor(world, index, waiting), unresolved } }
  const isCrowded = world.actors.some(
    (other, at) => at !== index && other.at === 'waiting' && other.sent === sent && !other.late,
  )
  if (isCrowded) return { ...next, violation: 'two requests at once, though no lease had ended' }
  const isSpent = world.provider.pairs[sent]?.refreshToken === 'spent'
  if (endsFamilies(refresh) && isSpent && world.time === 'plenty') {
    return { ...next, violation: 'a family is risked while its access token has time' }
  }
  // What was kept aside goes out only after a refusal, where a repeat does no harm.
  if (wasUnresolved && claim.doubt === null && !isSpare) {
    return { ...next, violation: 'a refresh token goes out again as if nothing had happened' }
  }
  return next
}

/** Until the provider answers, answers "later", or the connection breaks. */
export function wait(
  world: World,
  index: number,
  actor: Waiting,
  configuration: Configuration,
): Move[] {
  const answered = (before: World, answer: Answer) => withActor(before, index, { ...actor, answer })
  if (lies(world)) {
    const label = 'is refused like every connection'
    return [{ label, world: answered(world, 'refused') }]
  }
  const { provider, given } = handleRefresh(world.provider, actor.sent, configuration.refresh)
  const answer = given ?? 'refused'
  const moves: Move[] = [
    { label: `is answered: ${said(answer)}`, world: answered({ ...world, provider }, answer) },
    {
      label: 'is answered: later',
      world: endWith(resolved(world, actor), index, actor, configuration, notProcessed),
      isMishap: true,
    },
    ...loseAnswer(world, index, actor, configuration),
  ]
  if (configuration.minted) {
    moves.push({
      label: 'is answered: suspended',
      world: endWith(resolved(world, actor), index, actor, configuration, suspended),
      isMishap: true,
    })
  }
  const spent = spend(world, 'falseRefusals')
  if (spent !== undefined && isUsable(world.provider, actor.sent)) {
    const label = 'is refused for no reason'
    moves.push({ label, world: answered(spent, 'refused'), isMishap: true })
  }
  return moves
}

const said = (answer: Answer) => (answer === 'refused' ? 'invalid_grant' : `pair ${answer}`)

const notProcessed = { kind: 'not_processed', retryAfterMs: null } as const
const suspended = { kind: 'suspended' } as const

/** An answer arrives, or is lost on the way. */
export function receive(
  world: World,
  index: number,
  actor: Waiting & { answer: Answer },
  configuration: Configuration,
): Move[] {
  const { claim, late, source, answer } = actor
  const lost = loseAnswer(world, index, actor, configuration)
  if (answer === 'refused') {
    return [...lost, afterRefusal(resolved(world, actor), index, actor, configuration)]
  }
  const held = { claim, late, source, pair: answer }
  return [...lost, ...commit(world, index, held, configuration)]
}

/** The connection breaks; or, as a planted fault, the socket is closed although an answer may come. */
function loseAnswer(
  world: World,
  index: number,
  actor: Waiting,
  configuration: Configuration,
): Move[] {
  const moves: Move[] = []
  const ending = { kind: 'ambiguous' } as const
  const spent = spend(world, 'misfortunes')
  if (spent !== undefined) {
    const lost = endWith(drift(spent, actor, false), index, actor, configuration, ending)
    moves.push({ label: 'loses the connection', world: lost, isMishap: true })
  }
  if (configuration.fault === 'abort at the deadline') {
    const closed = endWith(drift(world, actor, true), index, actor, configuration, ending)
    const isLost = typeof actor.answer === 'number'
    const violation = isLost ? { violation: thrownAway } : {}
    moves.push({ label: 'closes the socket', world: closed, isMishap: true, ...violation })
  }
  return moves
}

/** An answer that is not received is none; a request may still be processed. */
export function drift(world: World, { answer, sent: pair }: Waiting, abandoned: boolean): World {
  return answer === 'none' ? { ...world, adrift: [...world.adrift, { pair, abandoned }] } : world
}

/** The outcome of the last use is known, and it was not this one that made the doubt. */
function resolved(world: World, { sent, wasUnresolved }: Waiting): World {
  if (wasUnresolved) return world
  return { ...world, unresolved: world.unresolved.filter((pair) => pair !== sent) }
}

/** Before a connection is given up, what was kept aside is tried; then the old access token is asked. */
function afterRefusal(
  world: World,
  index: number,
  actor: Waiting,
  configuration: Configuration,
): Move {
  const { refresh, fault } = configuration
  const isTooDear =
    endsFamilies(refresh) && fault !== 'pairs kept aside are tried although a family is at stake'
  const orphan = actor.isSpare || isTooDear ? undefined : takeOrphan(world.tables)
  if (orphan !== undefined) {
    const { tables, pair } = orphan
    return sendPair({ ...world, tables }, index, actor, { pair, isSpare: true }, refresh)
  }
  const oldAccessToken = newsOf(world, actor.source, configuration)
  return {
    label: `is refused, and sees the old access token ${oldAccessToken}`,
    world: endRejected(world, index, actor, configuration),
  }
}

function endWith(
  world: World,
  index: number,
  actor: Waiting,
  configuration: Configuration,
  ending: Ending,
): World {
  const { claim, late, source, isSpare } = actor
  // What became of a spare pair says nothing about the refusal that came before it.
  if (isSpare) return endRejected(world, index, actor, configuration)
  return withActor(world, index, { at: 'failing', claim, late, source, ending })
}

function endRejected(
  world: World,
  index: number,
  { claim, late, source }: Waiting,
  configuration: Configuration,
): World {
  const { rotation } = configuration.refresh
  const ending: Ending = {
    kind: 'rejected',
    oldAccessToken: newsOf(world, source, configuration),
    refreshTokenEnded: false,
    signInAgain: false,
    minted:
      configuration.minted === true &&
      configuration.fault !== 'a refusal of what tokens are minted from is taken for a lost answer',
    repeatable:
      rotation !== 'strict' &&
      rotation !== 'strict_family' &&
      configuration.fault !== 'a dead access token always proves the end',
  }
  return withActor(world, index, { at: 'failing', claim, late, source, ending })
}

/** For an expired token no probe is sent. */
function newsOf(world: World, source: Source, { fault }: Configuration): TokenProbe {
  const isMeasured = fault !== 'the time left is that of before the request'
  return isMeasured && world.time === 'ended' ? 'expired' : probe(world, source)
}

/** A probe does not tell a token that came to its natural end from one that was killed. */
export function probe(world: World, source: Source): 'active' | 'inactive' {
  const { tables, provider, time } = world
  if (lies(world)) return 'inactive'
  const hasEnded = tables.credential?.pair === source.pair && time === 'ended'
  return accessLives(provider, source.pair) && !hasEnded ? 'active' : 'inactive'
}
