import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { type Fleet, type Seeded, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { shortTiming, until } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
}

const answerAfterMs = 1_000

export const disconnectInFlight: Scenario<Parameters> = {
  title: 'Disconnected while the new pair is on its way: reads are refused, and no pair lives on.',
  short: { connections: 5 },
  long: { connections: 50 },

  async run({ connections }) {
    const fleet = await startFleet({ replicas: 1, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      await fleet.control.addFault(faults.slowAnswer(answerAfterMs))
      await fleet.makeDue()
      const rotated = async () =>
        (await fleet.control.refreshes()).filter(({ issued }) => issued).length >= connections
      await until('the provider has rotated every pair', rotated)
      const statuses = await Promise.all(fleet.connections.map((one) => disconnect(fleet, one)))
      const reads = await Promise.all(fleet.connections.map((one) => fleet.read(0, one)))
      const alive = () => countLiving(fleet)
      await until('every pair is withdrawn', async () => (await alive()) === 0, 15_000).catch(
        () => {},
      )
      const stillAlive = await alive()
      const evidence = await witness.gather()
      // What was given after the end belongs to nobody: it is not stored, and that is right.
      const verdict = judge({ ...evidence, accounts: [] })
      return outcomeOf(verdict, {
        figures: { connections, stillAlive },
        violations: [
          ...unless(
            statuses.every((status) => status < 300),
            `disconnecting answered ${statuses}`,
          ),
          ...unless(
            reads.every(({ status }) => status === 404),
            `a read after the end answered ${reads.map(({ status }) => status)}`,
          ),
          ...unless(stillAlive === 0, `${stillAlive} grants live on at the provider`),
          ...unless(
            evidence.accounts.every(({ status }) => status === 'disconnected'),
            'a connection came back',
          ),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

async function disconnect(fleet: Fleet, { id, tenantId, userId }: Seeded): Promise<number> {
  const query = new URLSearchParams({ tenantId, userId })
  const { status } = await fleet.stage.call('DELETE', `/v1/connections/${id}?${query}`)
  return status
}

/** Grants of which a pair lives. */
async function countLiving({ control }: Fleet): Promise<number> {
  const living = (await control.tokens()).filter(({ revokedAt }) => revokedAt === null)
  return new Set(living.map(({ grantId }) => grantId)).size
}
