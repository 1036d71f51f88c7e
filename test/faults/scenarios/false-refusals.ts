import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming, startPressure } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  forMs: number
  periodMs: number
  /** Of the refreshes that are refused although the token is good. */
  ratio: number
}

const maxRounds = 10

export const falseRefusals: Scenario<Parameters> = {
  title: 'One refresh in a hundred is refused for no reason: no user is asked to connect again.',
  short: { connections: 20, forMs: 2_000, periodMs: 500, ratio: 0.1 },
  long: { connections: 500, forMs: 60_000, periodMs: 5_000, ratio: 0.01 },

  async run({ connections, forMs, periodMs, ratio }) {
    const fleet = await startFleet({ replicas: 2, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      await fleet.control.addFault({ ...faults.falseInvalidGrant(), ratio })
      const endPressure = startPressure(fleet, periodMs)
      const struck = async () => (await fleet.control.faults())[0]?.struck ?? 0
      // A slow machine refreshes few, and chance may spare them all: then it goes on.
      let rounds = 0
      do await pause(forMs)
      while ((await struck()) === 0 && ++rounds < maxRounds)
      await endPressure()
      const falseRefusals = await struck()
      await fleet.control.clearFaults()
      await settle(fleet)
      const evidence = await witness.gather()
      const asked = evidence.accounts.filter(({ status }) => status !== 'active').length
      return outcomeOf(judge(evidence), {
        figures: { falseRefusals },
        violations: [
          ...unless(falseRefusals > 0, 'nothing was refused, so nothing was tried'),
          ...unless(asked === 0, `${asked} users are asked to connect again`),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}
