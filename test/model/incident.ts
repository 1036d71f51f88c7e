/**
 * A provider that refuses every connection for a while, and the incident guard (`incident-rule.ts`) as one connection of many meets it:
 * what the others are answered is not walked, only that they are answered well, or are not.
 */
import type { Configuration } from './rules.ts'
import type { Move, World } from './world.ts'

export interface Incident {
  /** What the provider does: it lies in between, once in a walk. `over` from the beginning: there is none. */
  readonly phase: 'before' | 'lies' | 'over'
  /** The incident guard holds all connections. */
  readonly held: boolean
  /** Of this connection: it was refused clearly; and others were answered well since. */
  readonly refused: 'no' | 'yes' | 'others_live'
}

export function beginningOf({ shared = false }: Configuration): Incident {
  return { phase: shared ? 'before' : 'over', held: false, refused: 'no' }
}

export function incidentMoves(world: World, { shared = false, atMost }: Configuration): Move[] {
  if (!shared || world.tables.credential === null) return []
  const { incident } = world
  const { phase, held, refused } = incident
  const moved = (label: string, change: Partial<Incident>): Move => ({
    label,
    world: { ...world, incident: { ...incident, ...change } },
  })
  const moves: Move[] = []
  // A refusal is confirmed by a second one, so that only one of a walk may be false: for this reason, or for none.
  if (phase === 'before' && world.left.falseRefusals === atMost.falseRefusals) {
    const begins = moved('the provider begins to refuse every connection', { phase: 'lies' })
    const left = { ...world.left, falseRefusals: 0 }
    moves.push({ ...begins, world: { ...begins.world, left }, isMishap: true })
  }
  if (phase === 'lies') moves.push(moved('the provider answers well again', { phase: 'over' }))
  if (phase === 'lies' && !held)
    moves.push(moved('the incident guard sees the incident', { held: true }))
  if (phase !== 'lies' && held) {
    moves.push(moved('the incident guard sees that it is over', { held: false, refused: 'no' }))
  }
  if (phase !== 'lies' && refused === 'yes') {
    moves.push(moved('others are answered well', { refused: 'others_live' }))
  }
  return moves
}

export const lies = ({ incident }: World) => incident.phase === 'lies'

/** What `decideRefusal` says, where many share an integration; `attemptAfterOthers`: they were answered before this attempt. */
export function decisionOf(
  { incident }: World,
  { shared = false, fault }: Pick<Configuration, 'shared' | 'fault'>,
  attemptAfterOthers: boolean,
): 'end' | 'wait' | 'hold' {
  if (!shared || fault === 'no incident guard') return 'end'
  if (incident.held) return 'hold'
  return attemptAfterOthers && incident.refused === 'others_live' ? 'end' : 'wait'
}

export function withRefused(world: World, refused: Incident['refused']): World {
  return world.incident.refused === refused
    ? world
    : { ...world, incident: { ...world.incident, refused } }
}
