import type { FaultPointName } from '@keywell/server'

/** An order to a replica: what happens at a fault point, and when. */
export interface MineOrder {
  point: FaultPointName
  /** How many arrivals pass first; so `skip: k - 1` strikes the k-th. */
  skip: number
  /** How many arrivals are held there before it goes off: all of them are at the point then. */
  hold: number
  /** `kill` and `stop` are the signals; `release` lets the held ones go on. */
  action: 'kill' | 'stop' | 'release'
}

/** Who was held when it went off. */
export interface Blown {
  kind: 'blown'
  connectionIds: string[]
}

export interface Mine {
  lay(order: MineOrder): void
  /** The fault point that the engine is given. */
  step(point: FaultPointName, at: { connectionId: string }): Promise<void>
}

/**
 * A trap inside a replica. Several connections are brought to the same point and held there, so that
 * one death of the process is a death at that point for each of them.
 */
export function createMine(parts: {
  /** Resolves when the parent has received it. */
  tell: (blown: Blown) => Promise<void>
  blow: (how: 'kill' | 'stop') => void
}): Mine {
  let order: MineOrder | undefined
  let passed = 0
  let held: { connectionId: string; release: () => void }[] = []

  async function blow({ action }: MineOrder): Promise<void> {
    const all = held
    order = undefined
    held = []
    await parts.tell({ kind: 'blown', connectionIds: all.map(({ connectionId }) => connectionId) })
    if (action !== 'release') parts.blow(action)
    // Reached after a stop, when the process was continued.
    for (const { release } of all) release()
  }

  return {
    lay(next) {
      order = next
      passed = 0
    },
    async step(point, { connectionId }) {
      if (order?.point !== point) return
      passed += 1
      if (passed <= order.skip) return
      const current = order
      await new Promise<void>((release) => {
        held.push({ connectionId, release })
        if (held.length >= current.hold) void blow(current)
      })
    },
  }
}
