import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { countIssued, settle, shortTiming, until } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /**
   * One after the other: which share of the answers is dropped after the pair was rotated, and how
   * many connections are refreshed. When all are dropped, a host is soon asked once a second only.
   */
  rounds: readonly { share: number; refreshed: number }[]
}

export const lostAnswers: Scenario<Parameters> = {
  title:
    'Answers are dropped after the rotation: lost is exactly what was dropped, and all are named.',
  short: {
    connections: 30,
    rounds: [
      { share: 0.1, refreshed: 30 },
      { share: 1, refreshed: 10 },
    ],
  },
  long: {
    connections: 600,
    rounds: [
      { share: 0.01, refreshed: 600 },
      { share: 0.05, refreshed: 550 },
      { share: 1, refreshed: 60 },
    ],
  },

  async run({ connections, rounds }) {
    const fleet = await startFleet({ replicas: 2, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      for (const { share, refreshed } of rounds) {
        await fleet.control.addFault({ ...faults.dropAfterRotation(), ratio: share })
        const ids = (await idsOfLiving(fleet)).slice(0, refreshed)
        const before = await countIssued(fleet)
        await fleet.makeDue({ ids })
        const asked = async () => (await countIssued(fleet)) === before + ids.length
        await until('each was asked', asked, 120_000)
        await fleet.control.clearFaults()
        await settle(fleet)
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

/** Those that were lost in an earlier round are dead, and not asked again. */
async function idsOfLiving({ sql }: Fleet): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    "select connection_id as id from refresh_schedule where state <> 'dead' order by 1",
  )
  return rows.map(({ id }) => id)
}
