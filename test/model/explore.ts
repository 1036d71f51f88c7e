/**
 * Walks through everything that can happen, breadth first, so that the first trace to a violation is one
 * of the shortest.
 */
import { movesOf } from './attempt.ts'
import { violationIn } from './invariants.ts'
import { isUsable } from './provider.ts'
import type { Configuration } from './rules.ts'
import { surroundingMoves } from './surroundings.ts'
import { beginning, createKeyOf, type Move, type World } from './world.ts'

export interface Exploration {
  states: number
  transitions: number
  /** Moves from the beginning to the farthest state. */
  depth: number
  /** There was nothing left to explore: every state that can be reached was. */
  complete: boolean
  violation: { sentence: string; trace: string[] } | null
}

export interface Bounds {
  /** Moves. */
  readonly depth: number
  readonly states: number
}

/** A state that was reached. */
interface Place {
  readonly id: number
  readonly world: World
}

export function explore(configuration: Configuration, bounds: Bounds): Exploration {
  const keyOf = createKeyOf()
  const start = beginning(configuration)
  const ids = new Map([[keyOf(start), 0]])
  const paths = createPaths()
  const exits = createExits()
  let frontier: Place[] = [{ id: 0, world: start }]
  let transitions = 0
  let depth = 0

  const end = (violation: Exploration['violation']): Exploration => {
    return { states: ids.size, transitions, depth, complete: frontier.length === 0, violation }
  }

  while (frontier.length > 0 && depth < bounds.depth && ids.size < bounds.states) {
    const next: Place[] = []
    for (const { id: from, world } of frontier) {
      if (isAtRest(world, configuration)) exits.addRest(from)
      for (const move of allMoves(world, configuration)) {
        transitions += 1
        const key = keyOf(move.world)
        const known = ids.get(key)
        const to = known ?? ids.size
        if (move.isMishap !== true) exits.addMove(from, to)
        const isNew = known === undefined
        const sentence =
          move.violation ?? (isNew ? violationIn(move.world, configuration) : undefined)
        if (sentence !== undefined) {
          return end({ sentence, trace: [...paths.traceTo(from), move.label] })
        }
        if (!isNew) continue
        ids.set(key, to)
        paths.add(from, move.label)
        next.push({ id: to, world: move.world })
      }
    }
    frontier = next
    if (frontier.length > 0) depth += 1
  }
  // What lies beyond the bounds is not known to be stuck.
  for (const { id } of frontier) exits.addRest(id)
  const stuck = exits.firstWithout(ids.size)
  return end(
    stuck === undefined ? null : { sentence: 'there is no way out', trace: paths.traceTo(stuck) },
  )
}

function allMoves(world: World, configuration: Configuration): Move[] {
  return [
    ...[0, 1, 2].flatMap((index) => movesOf(world, index, configuration)),
    ...surroundingMoves(world, configuration),
  ]
}

/** Good until due with a pair that lives, given up, or removed; and no actor at work. */
function isAtRest(
  { tables, actors, provider, left, time }: World,
  { dormant = false }: Configuration,
): boolean {
  if (actors.some(({ at }) => at !== 'idle')) return false
  const { schedule, credential } = tables
  if (schedule === null || credential === null || schedule.state === 'dead') return true
  // What is not renewed by the clock is renewed by the read that finds its token ended.
  if (dormant && time === 'ended' && left.lives > 0) return false
  // With no lives left the walk ends before it would come due and be found out.
  return schedule.state === 'idle' && (left.lives === 0 || isUsable(provider, credential.pair))
}

/** How each state was reached first. */
function createPaths() {
  const from = [-1]
  const labels = ['']
  return {
    add(before: number, label: string): void {
      from.push(before)
      labels.push(label)
    },
    traceTo(id: number): string[] {
      const trace: string[] = []
      for (let at = id; at > 0; at = from[at] ?? 0) trace.unshift(labels[at] ?? '')
      return trace
    },
  }
}

/** Which states lead, without any further mishap, to a rest. */
function createExits() {
  const before: number[][] = []
  const rests: number[] = []
  return {
    addMove(from: number, to: number): void {
      const known = before[to]
      if (known === undefined) before[to] = [from]
      else known.push(from)
    },
    addRest(id: number): void {
      rests.push(id)
    },
    firstWithout(count: number): number | undefined {
      const leads = new Uint8Array(count)
      const open = [...rests]
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (leads[at] === 1) continue
        leads[at] = 1
        open.push(...(before[at] ?? []))
      }
      const first = leads.indexOf(0)
      return first < 0 ? undefined : first
    },
  }
}
