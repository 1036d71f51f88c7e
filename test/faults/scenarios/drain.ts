import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming, startPressure } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  stops: number
  periodMs: number
}

export const drain: Scenario<Parameters> = {
  title: 'SIGTERM under load: what is under way is finished, and nothing is lost.',
  short: { connections: 20, stops: 3, periodMs: 1_000 },
  long: { connections: 300, stops: 50, periodMs: 3_000 },

  async run({ connections, stops, periodMs }) {
    const fleet = await startFleet({ replicas: 2, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      // So that there is always something under way when the signal comes.
      await fleet.control.addFault(faults.slowAnswer(300))
      const endPressure = startPressure(fleet, periodMs)
      let slowestMs = 0
      const codes: unknown[] = []
      for (let done = 0; done < stops; done += 1) {
        await pause(700)
        const place = done % fleet.replicas.length
        const ended = await fleet.replicas[place]?.drain()
        slowestMs = Math.max(slowestMs, ended?.ms ?? 0)
        codes.push(ended?.code)
        await fleet.replace(place)
      }
      await endPressure()
      await fleet.control.clearFaults()
      await settle(fleet)
      const verdict = judge(await witness.gather())
      return outcomeOf(verdict, {
        figures: { stops, slowestMs },
        violations: [
          ...unless(
            codes.every((code) => code === 0),
            `ended with ${codes}`,
          ),
          ...unless(verdict.figures.lost === 0, `${verdict.figures.lost} connections were lost`),
          ...unless(verdict.figures.droppedAnswers === 0, 'an answer was not waited for'),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}
