import { setTimeout as pause } from 'node:timers/promises'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming, startPressure } from '../load.ts'
import { randomFrom } from '../random.ts'
import { outcomeOf, type Scenario } from '../scenario.ts'

interface Parameters {
  replicas: number
  connections: number
  pauses: number
  periodMs: number
  seed: number
}

/** In leases. */
const longestPause = 3

export const pauses: Scenario<Parameters> = {
  title:
    'A replica stands still for half a lease to three: nothing is lost, nothing goes out twice.',
  short: { replicas: 2, connections: 20, pauses: 1, periodMs: 1_500, seed: 15 },
  long: { replicas: 3, connections: 200, pauses: 20, periodMs: 4_000, seed: 2 },

  async run({ replicas, connections, pauses, periodMs, seed }) {
    const fleet = await startFleet({ replicas, connections, timing: shortTiming })
    try {
      const random = randomFrom(seed)
      const witness = startWitness(fleet)
      const endPressure = startPressure(fleet, periodMs)
      for (let done = 0; done < pauses; done += 1) {
        await pause(500 + random() * 500)
        const replica = fleet.replicas[Math.floor(random() * fleet.replicas.length)]
        witness.disturbed('stop')
        replica?.pause()
        await pause(shortTiming.leaseMs * (0.5 + (longestPause - 0.5) * random()))
        replica?.resume()
      }
      await endPressure()
      await settle(fleet)
      // Rows that a process has locked when it stops stay locked until it goes on.
      const lateLeaseMs = longestPause * shortTiming.leaseMs + 5_000
      const verdict = judge(await witness.gather(), { lateLeaseMs })
      const { lost } = verdict.figures
      return outcomeOf(verdict, {
        figures: { pauses },
        violations: lost === 0 ? [] : [`${lost} connections were lost by a pause`],
      })
    } finally {
      for (const replica of fleet.replicas) replica.resume()
      await fleet.stop()
    }
  },
}
