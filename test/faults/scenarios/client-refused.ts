import { setTimeout as pause } from 'node:timers/promises'
import { must } from '../../support/stage.ts'
import { startWitness } from '../evidence.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  forMs: number
}

const replicas = 2
/** What each replica may have sent by the time that it learns of the first refusal. */
const firstWave = 32

export const clientRefused: Scenario<Parameters> = {
  title:
    "The client's secret is wrong: the integration rests, no connection is called dead, and all come back.",
  short: { connections: 80, forMs: 2_000 },
  long: { connections: 1_000, forMs: 60_000 },

  async run({ connections, forMs }) {
    const fleet = await startFleet({ replicas, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      const [application] = await fleet.control.applications()
      const renewed = await fleet.control.renewSecret(application?.clientId ?? '')
      await fleet.makeDue()
      await pause(forMs)
      const refused = (await fleet.control.refreshes()).length
      const asked = await countNotActive(fleet)
      // After the first wave one attempt in each pause; one more may fall into it.
      const maxCalls = replicas * firstWave + Math.ceil(forMs / shortTiming.canaryMs) + 1

      const { id } = fleet.stage.integration
      const { clientId, clientSecret } = renewed
      const mended = { clientId, clientSecret }
      must(await fleet.stage.call('PUT', `/v1/integrations/${id}/client`, mended), 200)
      const beganMs = performance.now()
      await settle(fleet, { timeoutMs: 90_000 })
      const recoveryMs = performance.now() - beganMs
      // Those that were asked themselves would wait a minute or two for their next turn.
      await fleet.makeDue({ generation: 1 })
      await settle(fleet)
      const evidence = await witness.gather()
      const stale = evidence.accounts.filter(({ generation }) => generation < 2).length
      // Rows of a suspended integration are left alone, so their leases say nothing.
      return outcomeOf(judge({ ...evidence, worstLateLeaseMs: 0 }), {
        figures: { refused, recoveryMs },
        violations: [
          ...unless(refused > 0, 'nothing was refused, so nothing was tried'),
          ...unless(refused <= maxCalls, `asked ${refused} times with a refused client`),
          ...unless(asked === 0, `${asked} users are asked to connect again`),
          ...unless(stale === 0, `${stale} connections did not recover`),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

async function countNotActive({ sql }: Fleet): Promise<number> {
  const rows = await sql.query("select 1 from connections where status <> 'active'")
  return rows.length
}
