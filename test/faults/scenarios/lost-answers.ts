import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /** Shares of the answers that are dropped after the pair was rotated, one round for each. */
  shares: readonly number[]
}

export const lostAnswers: Scenario<Parameters> = {
  title:
    'Answers are dropped after the rotation: lost is exactly what was dropped, and all are named.',
  short: { connections: 60, shares: [0.05, 1] },
  long: { connections: 600, shares: [0.01, 0.05, 1] },

  async run({ connections, shares }) {
    const fleet = await startFleet({ replicas: 2, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      for (const ratio of shares) {
        await fleet.control.addFault({ ...faults.dropAfterRotation(), ratio })
        // Those that were lost in an earlier round are dead, and not asked again.
        await fleet.makeDue()
        await settle(fleet)
        await fleet.control.clearFaults()
      }
      const verdict = judge(await witness.gather())
      const { droppedAnswers, lost, named } = verdict.figures
      return outcomeOf(verdict, {
        violations: [
          ...unless(droppedAnswers > 0, 'no answer was dropped, so nothing was tried'),
          ...unless(lost === droppedAnswers, `${droppedAnswers} answers dropped, ${lost} lost`),
          ...unless(named === lost, `${lost} lost, ${named} named`),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}
