/**
 * One attempt, from the claim to its end, in the steps in which `refresh.ts` takes it: between any two of
 * them everybody else may go on, and the process may die. Steps between which nobody else could make a
 * difference are one.
 */
import { type AccessTokenNews, resolveDoubt, step, type UpkeepEvent } from '@keywell/server/model'
import {
  claimRefresh,
  type DoubtAge,
  type Ending,
  endConnection,
  failUpkeep,
  keepAside,
  replaceCredential,
  restartDoubt,
  type Tables,
  takeOrphan,
} from './database.ts'
import { accessLives, handleRefresh, isUsable } from './provider.ts'
import { type Configuration, graceSeconds, maxRequestSeconds } from './rules.ts'
import {
  type Actor,
  type Answer,
  idle,
  type Move,
  type Reading,
  type Source,
  spend,
  type TokenTime,
  type Waiting,
  type World,
  withActor,
} from './world.ts'

export const thrownAway = 'a pair that reached a living process is thrown away'

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
      return prepare(world, index, actor, configuration)
    case 'ready':
      return [send(world, index, actor)]
    case 'waiting':
      return actor.answer === 'none'
        ? wait(world, index, actor, configuration)
        : hear(world, index, { ...actor, answer: actor.answer }, configuration)
    case 'holding':
      return commit(world, index, actor, configuration)
    case 'failing':
      return [record(world, index, actor, configuration)]
    default:
      actor satisfies never
      return []
  }
}

function claim(world: World, index: number, { fault }: Configuration): Move[] {
  if (index === reader && world.time !== 'ended') return []
  const taken = claimRefresh(world.tables, index)
  if (taken === undefined) return []
  let { tables } = taken
  if (fault === 'no intent' && tables.upkeep !== null) {
    tables = { ...tables, upkeep: { ...tables.upkeep, doubt: taken.claim.doubt } }
  }
  const claimed: Actor = { at: 'claimed', claim: taken.claim, late: false }
  return [{ label: 'claims', world: withActor({ ...world, tables }, index, claimed) }]
}

/**
 * Reads the row, after the claim, since whoever held it before may have moved the generation; and if an
 * earlier attempt has no known outcome, finds out whether the same refresh token may go out again.
 */
function prepare(
  world: World,
  index: number,
  actor: Extract<Actor, { at: 'claimed' }>,
  { refresh, fault }: Configuration,
): Move[] {
  const { claim, late } = actor
  const { credential: source, upkeep } = world.tables
  const isOver = upkeep?.holder !== index && fault !== 'a claim that is not looked at again'
  if (source === null || isOver) {
    return [{ label: 'finds its claim over', world: withActor(world, index, idle) }]
  }
  const ready: Actor = { at: 'ready', claim, late, source }
  if (claim.doubt === null) {
    return [{ label: 'reads the row', world: withActor(world, index, ready) }]
  }
  const known = {
    unresolvedForMs: doubtMs[claim.doubt],
    accessTokenEndsInMs: timeLeftMs[world.time],
  }
  const first = resolveDoubt(refresh, known)
  const oldAccessToken = first.do === 'probe' ? probe(world, source) : undefined
  const ruling = oldAccessToken ? resolveDoubt(refresh, { ...known, oldAccessToken }) : first
  const seen = `reads the row${oldAccessToken ? `, sees its access token ${oldAccessToken}` : ''}`
  if (ruling.do !== 'send') {
    const given = giveBack(world, index, ready)
    return [{ ...given, label: `${seen}, waits; ${given.label}` }]
  }
  if (!ruling.settled) {
    return [{ label: `${seen}, will send again`, world: withActor(world, index, ready) }]
  }
  return [settle(world, index, ready, seen)]
}

/** Nothing happened the last time: what is sent next begins a doubt of its own. */
function settle(world: World, index: number, ready: Reading & { at: 'ready' }, seen: string): Move {
  const { claim, source } = ready
  const label = `${seen}, settles the doubt`
  const tables = restartDoubt(world.tables, index)
  if (tables === undefined) return { label, world: withActor(world, index, idle) }
  const settled: Actor = { ...ready, claim: { ...claim, doubt: null } }
  const unresolved = world.unresolved.filter((pair) => pair !== source.pair)
  const next = { label, world: withActor({ ...world, tables, unresolved }, index, settled) }
  if (!mayHaveBeenUsed(world, source.pair)) return next
  return { ...next, violation: 'a doubt is settled that was right' }
}

function send(world: World, index: number, actor: Reading): Move {
  return actor.late
    ? giveBack(world, index, actor)
    : sendPair(world, index, actor, { pair: actor.source.pair, isSpare: false })
}

function giveBack(world: World, index: number, actor: Reading): Move {
  const ending: Ending = { kind: 'unsent', retryInMs: 1_000 }
  const given = record(world, index, { ...actor, ending }, { fault: null })
  return { ...given, label: `sends nothing, ${given.label}` }
}

function sendPair(
  world: World,
  index: number,
  { claim, late, source }: Reading,
  { pair: sent, isSpare }: { pair: number; isSpare: boolean },
): Move {
  const wasUnresolved = world.unresolved.includes(sent)
  const waiting: Actor = {
    ...{ claim, late, source, sent, isSpare, wasUnresolved },
    ...{ at: 'waiting', answer: 'none' },
  }
  const unresolved = wasUnresolved ? world.unresolved : [...world.unresolved, sent].sort()
  const label = `sends the refresh token of pair ${sent}${isSpare ? ', which was kept aside' : ''}`
  const next = { label, world: { ...withActor(world, index, waiting), unresolved } }
  const isCrowded = world.actors.some(
    (other, at) => at !== index && other.at === 'waiting' && other.sent === sent && !other.late,
  )
  if (isCrowded) return { ...next, violation: 'two requests at once, though no lease had ended' }
  if (wasUnresolved && (isSpare || claim.doubt === null)) {
    return { ...next, violation: 'a refresh token goes out again as if nothing had happened' }
  }
  return next
}

/** Until the provider answers, tells us to come later, or the connection breaks. */
function wait(
  world: World,
  index: number,
  actor: Waiting,
  { refresh, fault }: Configuration,
): Move[] {
  const answered = (before: World, answer: Answer) => withActor(before, index, { ...actor, answer })
  const { provider, given } = handleRefresh(world.provider, actor.sent, refresh)
  const answer = given ?? 'refused'
  const moves: Move[] = [
    { label: `is answered: ${said(answer)}`, world: answered({ ...world, provider }, answer) },
    {
      label: 'is told to come later',
      world: endWith(resolved(world, actor), index, actor, {
        kind: 'not_processed',
        retryAfterMs: null,
      }),
      isMishap: true,
    },
    ...loseAnswer(world, index, actor),
  ]
  const spent = spend(world, 'falseRefusals')
  if (spent !== undefined && isUsable(world.provider, actor.sent)) {
    const label = 'is refused for no reason'
    moves.push({ label, world: answered(spent, 'refused'), isMishap: true })
  }
  if (fault === 'abort at the deadline') moves.push(abort(world, index, actor))
  return moves
}

/** An answer arrives, or is lost on the way. */
function hear(
  world: World,
  index: number,
  actor: Waiting & { answer: Answer },
  configuration: Configuration,
): Move[] {
  const { claim, late, source, answer } = actor
  const moves = loseAnswer(world, index, actor)
  if (configuration.fault === 'abort at the deadline') moves.push(abort(world, index, actor))
  if (answer !== 'refused') {
    const held = { claim, late, source, pair: answer }
    return [...moves, ...commit(world, index, held, configuration)]
  }
  return [...moves, afterRefusal(resolved(world, actor), index, actor, configuration)]
}

function loseAnswer(world: World, index: number, actor: Waiting): Move[] {
  const spent = spend(world, 'misfortunes')
  if (spent === undefined) return []
  const lost = endWith(drift(spent, actor, false), index, actor, { kind: 'ambiguous' })
  return [{ label: 'loses the connection', world: lost, isMishap: true }]
}

/** The planted fault: the socket is closed although an answer may come. */
function abort(world: World, index: number, actor: Waiting): Move {
  const closed = endWith(drift(world, actor, true), index, actor, { kind: 'ambiguous' })
  const isLost = typeof actor.answer === 'number'
  return {
    label: 'closes the socket at the deadline',
    world: closed,
    isMishap: true,
    ...(isLost ? { violation: thrownAway } : {}),
  }
}

function endWith(world: World, index: number, actor: Waiting, ending: Ending): World {
  const { claim, late, source, isSpare } = actor
  // What became of a spare pair says nothing about the refusal that came before it.
  if (isSpare) return afterSpare(world, index, actor)
  return withActor(world, index, { at: 'failing', claim, late, source, ending })
}

/** An answer that nobody hears is none; a request may still be processed. */
function drift(world: World, { answer, sent: pair }: Waiting, abandoned: boolean): World {
  return answer === 'none' ? { ...world, adrift: [...world.adrift, { pair, abandoned }] } : world
}

/** Before a connection is given up, what was kept aside is tried; then the old access token is asked. */
function afterRefusal(world: World, index: number, actor: Waiting, { fault }: Configuration): Move {
  const orphan = actor.isSpare ? undefined : takeOrphan(world.tables)
  if (orphan !== undefined) {
    const { tables, pair } = orphan
    return sendPair({ ...world, tables }, index, actor, { pair, isSpare: true })
  }
  const oldAccessToken = newsOf(world, actor.source, fault)
  return {
    label: `is refused, and sees the old access token ${oldAccessToken}`,
    world: withActor(world, index, rejected(actor, oldAccessToken)),
  }
}

function afterSpare(world: World, index: number, actor: Waiting): World {
  return withActor(world, index, rejected(actor, newsOf(world, actor.source, null)))
}

function rejected({ claim, late, source }: Waiting, oldAccessToken: AccessTokenNews): Actor {
  const ending: Ending = { kind: 'rejected', oldAccessToken, refreshTokenEnded: false }
  return { at: 'failing', claim, late, source, ending }
}

/** Of a token whose time is over nobody is asked. */
function newsOf(world: World, source: Source, fault: Configuration['fault']): AccessTokenNews {
  if (fault !== 'time measured once' && world.time === 'ended') return 'past'
  return probe(world, source)
}

function probe({ tables, provider, time }: World, source: Source): 'alive' | 'dead' {
  const hasEnded = tables.credential?.pair === source.pair && time === 'ended'
  return accessLives(provider, source.pair) && !hasEnded ? 'alive' : 'dead'
}

function commit(
  world: World,
  index: number,
  actor: Reading & { pair: number },
  { fault }: Configuration,
): Move[] {
  const { source, pair } = actor
  const current = world.tables.credential
  const isBlind = fault === 'no compare-and-set' && current !== null
  const { generation } = isBlind ? current : source
  const replaced = replaceCredential(world.tables, { generation, pair })
  const tables = replaced ?? keepAside(world.tables, pair)
  const after: World = {
    ...world,
    tables,
    time: replaced === undefined ? world.time : 'plenty',
  }
  const isLost =
    !isKept(tables, pair) || (replaced !== undefined && current?.generation !== source.generation)
  const violation = isLost ? { violation: thrownAway } : {}
  const done = replaced === undefined ? `keeps pair ${pair} aside` : `commits pair ${pair}`
  const moves: Move[] = [{ label: done, world: withActor(after, index, idle), ...violation }]
  const spent = spend(after, 'misfortunes')
  if (replaced !== undefined && spent !== undefined) {
    const { claim, late } = actor
    const unaware: Actor = { at: 'holding', claim, late, source, pair }
    const label = `${done}, and the reply is lost`
    moves.push({ label, world: withActor(spent, index, unaware), isMishap: true, ...violation })
  }
  return moves
}

function isKept({ credential, orphans, revocations }: Tables, pair: number): boolean {
  return credential?.pair === pair || orphans.includes(pair) || revocations.includes(pair)
}

/** Writes what an attempt that brought no pair has taught: one transaction. */
function record(
  world: World,
  index: number,
  { claim, source, ending }: Reading & { ending: Ending },
  { fault }: Pick<Configuration, 'fault'>,
): Move {
  const done = (tables: Tables, label: string): Move => ({
    label,
    world: withActor({ ...world, tables }, index, idle),
  })
  const moved = world.tables.credential?.generation !== source.generation
  const event = moved && ending.kind !== 'unsent' ? overtaken : misread(ending, fault)
  const { cameFrom, doubt } = claim
  const standing = { cameFrom, failures: 0, unresolved: doubt !== null }
  const next = step({ ...standing, state: 'refreshing' }, event, { random: () => 0.5 })
  if (next === undefined || next.state === 'none') throw new TypeError('it ends an attempt')
  const isUnchecked = fault === 'failure writes without the lease check'
  const holder = (isUnchecked ? world.tables.upkeep?.holder : null) ?? index
  const failed = failUpkeep(world.tables, holder, { ...next, state: next.state })
  if (failed === undefined) return done(world.tables, 'has lost the lease')
  if (next.death === null) return done(failed, `writes ${next.state}`)
  const ended = endConnection(failed, source.generation, next.death)
  return done(ended, `writes ${next.state}, ${next.death.reason}`)
}

const overtaken = { kind: 'overtaken' } as const

/** Two of the planted faults are wrong readings of what came back. */
function misread(ending: Ending, fault: Configuration['fault']): UpkeepEvent & Ending {
  if (fault === 'death at the first invalid_grant' && ending.kind === 'rejected') {
    return { ...ending, oldAccessToken: 'dead' }
  }
  if (fault === 'ambiguous taken for not processed' && ending.kind === 'ambiguous') {
    return { kind: 'not_processed', retryAfterMs: null }
  }
  return ending
}

function crash(world: World, index: number, actor: Actor): Move[] {
  const spent = spend(world, 'misfortunes')
  if (actor.at === 'idle' || spent === undefined) return []
  const dead = actor.at === 'waiting' ? drift(spent, actor, false) : spent
  return [{ label: 'crashes', world: withActor(dead, index, idle), isMishap: true }]
}

/** The outcome of the last use is known, and it was not this one that made the doubt. */
function resolved(world: World, { sent, wasUnresolved }: Waiting): World {
  if (wasUnresolved) return world
  return { ...world, unresolved: world.unresolved.filter((pair) => pair !== sent) }
}

function mayHaveBeenUsed({ provider, adrift, actors }: World, pair: number): boolean {
  return (
    provider.pairs[pair]?.refreshToken !== 'fresh' ||
    adrift.some((request) => request.pair === pair) ||
    actors.some((actor) => actor.at === 'waiting' && actor.sent === pair && actor.answer === 'none')
  )
}

const said = (answer: Answer) => (answer === 'refused' ? 'invalid_grant' : `pair ${answer}`)

const doubtMs: Record<DoubtAge, number> = {
  young: 1_000,
  middling: (graceSeconds + 1) * 1_000,
  old: (maxRequestSeconds + 1) * 1_000,
}

const timeLeftMs: Record<TokenTime, number> = { plenty: 3_600_000, little: 60_000, ended: -1 }
