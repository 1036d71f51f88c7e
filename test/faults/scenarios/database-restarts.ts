import { setTimeout as pause } from 'node:timers/promises'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming, startPressure, until } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  replicas: number
  connections: number
  restarts: number
  everyMs: number
  periodMs: number
}

const readyMs = 3_000

export const databaseRestarts: Scenario<Parameters> = {
  title: 'Postgres crashes and comes back: no process ends, all are ready in 3 s, nothing is lost.',
  short: { replicas: 2, connections: 30, restarts: 2, everyMs: 1_000, periodMs: 1_000 },
  long: { replicas: 3, connections: 300, restarts: 12, everyMs: 5_000, periodMs: 4_000 },

  async run({ replicas, connections, restarts, everyMs, periodMs }) {
    const fleet = await startFleet({ replicas, connections, timing: shortTiming })
    try {
      const pids = fleet.replicas.map(({ pid }) => pid)
      const witness = startWitness(fleet)
      const endPressure = startPressure(fleet, periodMs)
      let slowestReadyMs = 0
      for (let done = 0; done < restarts; done += 1) {
        await pause(everyMs)
        await fleet.postgres.crash()
        await fleet.postgres.start()
        const beganMs = performance.now()
        await Promise.all(
          fleet.replicas.map(({ url }) => until(`${url} is ready`, () => isReady(url))),
        )
        slowestReadyMs = Math.max(slowestReadyMs, performance.now() - beganMs)
      }
      await endPressure()
      await settle(fleet)
      const verdict = judge(await witness.gather())
      const ended = fleet.replicas.filter((replica) => replica.ended() !== null)
      return outcomeOf(verdict, {
        figures: { restarts, slowestReadyMs },
        violations: [
          ...ended.map((replica) => `a process ended: ${replica.logs().slice(-3).join(' ')}`),
          ...unless(
            fleet.replicas.every(({ pid }, at) => pid === pids[at]),
            'a process was replaced',
          ),
          ...unless(slowestReadyMs <= readyMs, `ready only after ${slowestReadyMs} ms`),
          ...unless(verdict.figures.lost === 0, 'a restart lost a connection'),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
}
