import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /** Beyond the deadline at which one stops waiting, and within the time that the socket stays open. */
  answerAfterMs: number
}

export const lateAnswers: Scenario<Parameters> = {
  title: 'Answers come long after the deadline: each is still taken, and nothing is asked twice.',
  short: { connections: 30, answerAfterMs: 4_000 },
  long: { connections: 300, answerAfterMs: 9_000 },

  async run({ connections, answerAfterMs }) {
    const fleet = await startFleet({ replicas: 2, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      await fleet.control.addFault(faults.slowAnswer(answerAfterMs))
      await fleet.makeDue()
      await settle(fleet, { agesDoubts: false })
      const evidence = await witness.gather()
      const verdict = judge(evidence)
      return outcomeOf(verdict, {
        violations: [
          ...unless(answerAfterMs > shortTiming.leaseMs, 'no answer outlived a lease'),
          ...unless(verdict.figures.lost === 0, 'a late answer was not taken'),
          ...unless(
            evidence.refreshes.length === connections,
            `${evidence.refreshes.length} requests for ${connections} connections`,
          ),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}
