import { setTimeout as pause } from 'node:timers/promises'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming, startPressure } from '../load.ts'
import { randomFrom } from '../random.ts'
import { outcomeOf, type Scenario } from '../scenario.ts'

interface Parameters {
  connections: number
  forMs: number
  /** However slow the machine is. */
  killsAtLeast: number
  /** Each connection is refreshed about once in this time. */
  periodMs: number
  seed: number
  /** How long a lease may be over before a worker takes the row. */
  lateLeaseMs: number
}

export const randomKills: Scenario<Parameters> = {
  title:
    'One of three replicas is killed every 0.2 to 2 s: what is lost was on the wire, and named.',
  short: {
    connections: 30,
    forMs: 5_000,
    killsAtLeast: 5,
    periodMs: 1_000,
    seed: 1,
    lateLeaseMs: 20_000,
  },
  long: {
    connections: 500,
    forMs: 60_000,
    killsAtLeast: 30,
    periodMs: 10_000,
    seed: 1,
    lateLeaseMs: 5_000,
  },

  async run({ connections, forMs, killsAtLeast, periodMs, seed, lateLeaseMs }) {
    const fleet = await startFleet({ replicas: 3, connections, timing: shortTiming })
    try {
      const random = randomFrom(seed)
      const witness = startWitness(fleet)
      const endPressure = startPressure(fleet, periodMs)
      const untilMs = performance.now() + forMs
      const starting = new Map<number, Promise<unknown>>()
      let kills = 0
      while (performance.now() < untilMs || kills < killsAtLeast) {
        await pause(200 + random() * 1_800)
        const place = Math.floor(random() * fleet.replicas.length)
        await starting.get(place)
        witness.disturbed('kill')
        await fleet.replicas[place]?.kill()
        kills += 1
        starting.set(place, fleet.replace(place))
      }
      await Promise.all(starting.values())
      await endPressure()
      await settle(fleet)
      return outcomeOf(judge(await witness.gather(), { lateLeaseMs }), { figures: { kills } })
    } finally {
      await fleet.stop()
    }
  },
}
