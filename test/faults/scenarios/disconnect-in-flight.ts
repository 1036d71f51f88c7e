import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { type Fleet, type Seeded, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { countIssued, shortTiming, until } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /** Waits until the outbox has been worked off, too, which takes its turn once a minute. */
  untilWithdrawn: boolean
}

const answerAfterMs = 1_000

export const disconnectInFlight: Scenario<Parameters> = {
  title:
    'Disconnected while the new pair is on its way: reads are refused, and the pair is withdrawn.',
  short: { connections: 5, untilWithdrawn: false },
  long: { connections: 15, untilWithdrawn: true },

  async run({ connections, untilWithdrawn }) {
    const fleet = await startFleet({ replicas: 1, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      await fleet.control.addFault(faults.slowAnswer(answerAfterMs))
      await fleet.makeDue()
      const rotated = async () => (await countIssued(fleet)) === connections
      await until('the provider has rotated every pair', rotated)
      const statuses = await Promise.all(fleet.connections.map((one) => disconnect(fleet, one)))
      const reads = await Promise.all(fleet.connections.map((one) => fleet.read(0, one)))
      // Each pair that still lives stands in the outbox, so that none can be forgotten.
      const kept = async () => (await countLiving(fleet)) === (await countOutbox(fleet))
      await until('each living pair is in the outbox', kept, 10_000)
      if (untilWithdrawn) {
        await until('every pair is withdrawn', async () => (await countLiving(fleet)) === 0, 90_000)
      }
      const inOutbox = await countOutbox(fleet)
      const evidence = await witness.gather()
      // A pair that was given after the end belongs to no connection: it is not stored, and that is right.
      const verdict = judge({ ...evidence, accounts: [] })
      return outcomeOf(verdict, {
        figures: { connections, inOutbox },
        violations: [
          ...unless(
            statuses.every((status) => status < 300),
            `disconnecting answered ${statuses}`,
          ),
          ...unless(
            reads.every(({ status }) => status === 404),
            `a read after the end answered ${reads.map(({ status }) => status)}`,
          ),
          ...unless(
            inOutbox > 0 || untilWithdrawn,
            'no pair came after the end, so nothing was tried',
          ),
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

async function countOutbox({ sql }: Fleet): Promise<number> {
  return (await sql.query("select 1 from revocations where state = 'due'")).length
}
