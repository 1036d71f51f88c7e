import type { After } from '../timers.ts'
import { OutboundError } from './errors.ts'
import { Gate, type GateCall, type HostState, type Leave } from './gate.ts'
import type { LimitsOf } from './limits.ts'

/** Hosts that are remembered. A host with calls under way is never forgotten. */
const maxHosts = 1_000

/** What the hosts would take at this moment, for whoever plans calls to them. */
export interface Hosts {
  /**
   * Origins that would let no background call go now: the host fails, asked for a pause, or has all
   * it may have. Work for them is not worth claiming.
   */
  held(): string[]
  /** The same of one URL's origin; a base URL with a relative root will do. */
  isHeld(url: string): boolean
  /** How many calls, of `most`, would be let go at once, to whichever hosts that are not held. */
  freeSlots(most: number): number
  /** One entry for each host that is remembered, for metrics. */
  snapshot(): HostState[]
  /**
   * Tells when a host's breaker has opened or a pause has begun; answers how to stop that. The
   * listener must not throw.
   */
  onHold(listener: (host: HostState) => void): () => void
  /**
   * What this process may take of every limit, above 0 and at most 1; with n replicas, 1 / n.
   *
   * @throws TypeError for another number
   */
  setShare(share: number): void
}

export interface Gates extends Hosts {
  /** @throws OutboundError `held_back` or `aborted`: nothing was sent */
  pass(origin: string, call: GateCall): Promise<Leave>
  /** Refuses who waits, and whoever comes from now on. */
  close(): void
}

/** One gate for each origin, made when it is first called. */
export function createGates(parts: { limitsOf: LimitsOf; now: () => number; after: After }): Gates {
  /** In the order of their last use. */
  const gates = new Map<string, Gate>()
  const listeners = new Set<(host: HostState) => void>()
  let share = 1
  let closed = false

  function gateOf(origin: string): Gate {
    const gate = gates.get(origin) ?? open(origin)
    gates.delete(origin)
    gates.set(origin, gate)
    return gate
  }

  function open(origin: string): Gate {
    makeRoom()
    const gate: Gate = new Gate({
      ...parts,
      origin,
      limits: parts.limitsOf(origin),
      share,
      onHold: () => {
        for (const tell of listeners) tell(gate.state)
      },
    })
    return gate
  }

  /** Whose last use is longest ago: of those that are well, and only then of those in trouble. */
  function makeRoom(): void {
    for (const quality of ['isQuiet', 'isIdle'] as const) {
      for (const [origin, gate] of gates) {
        if (gates.size < maxHosts) return
        if (gate[quality]) gates.delete(origin)
      }
    }
  }

  return {
    async pass(origin, call) {
      if (closed) throw new OutboundError('aborted', { host: new URL(origin).host, notSent: true })
      return await gateOf(origin).pass(call)
    },

    held: () =>
      [...gates].filter(([, gate]) => gate.backgroundRoom === 0).map(([origin]) => origin),
    isHeld: (url) => gates.get(new URL(url).origin)?.backgroundRoom === 0,
    freeSlots: (most) => {
      const rooms = [...gates.values()].map((gate) => gate.backgroundRoom)
      return Math.min(most, ...rooms.filter((room) => room > 0))
    },
    snapshot: () => [...gates.values()].map((gate) => gate.state),

    onHold(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    setShare(next) {
      if (!(next > 0 && next <= 1)) {
        throw new TypeError(`A share is above 0 and at most 1, not ${next}`)
      }
      share = next
      for (const gate of gates.values()) gate.setShare(next)
    },

    close() {
      closed = true
      for (const gate of gates.values()) gate.close()
    },
  }
}
