import { startWitness } from '../evidence.ts'
import { type Fleet, type Seeded, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /** Reads of each connection in each of the two phases. */
  reads: number
}

export const serveUntilOver: Scenario<Parameters> = {
  title:
    'The token endpoint is dead with ten minutes left: every read answers, until the token ends.',
  short: { connections: 10, reads: 5 },
  long: { connections: 100, reads: 50 },

  async run({ connections, reads }) {
    const fleet = await startFleet({ replicas: 2, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      const effect = { kind: 'respond', status: 503, body: 'down' } as const
      await fleet.control.addFault({ endpoint: 'token', effect })
      await leave(fleet, 10 * 60)
      await fleet.makeDue()
      const before = await readAll(fleet, reads)
      const tried = (await fleet.control.refreshes()).length
      await leave(fleet, -1)
      // One read each: those that find nothing valid wait a while for a refresh.
      const over = await readAll(fleet, 1)
      await fleet.control.clearFaults()
      await settle(fleet)
      const back = await readAll(fleet, 1)
      return outcomeOf(judge({ ...(await witness.gather()), worstLateLeaseMs: 0 }), {
        figures: { servedBefore: before.length, refreshesThatFailed: tried },
        violations: [
          ...unless(tried > 0, 'nothing was tried while tokens were valid'),
          ...unless(before.every(isServed), 'a valid token was not served'),
          ...unless(over.every(isPutOff), `after the end: ${JSON.stringify(over.at(0))}`),
          ...unless(back.every(isServed), 'a token was not renewed afterwards'),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

type Answer = Awaited<ReturnType<Fleet['read']>>

const isServed = ({ status }: Answer) => status === 200
/** 503 and come back: nothing has ended but a token. */
const isPutOff = ({ status, body }: Answer) =>
  status === 503 && ['refresh_in_progress', 'unavailable'].includes(body.code ?? '')

/** Says when every stored access token ends. */
async function leave({ sql }: Fleet, seconds: number): Promise<void> {
  await sql.query("update credentials set expires_at = now() + $1 * interval '1 second'", [seconds])
}

async function readAll(fleet: Fleet, times: number): Promise<Answer[]> {
  const read = (connection: Seeded, turn: number) =>
    fleet.read(turn % fleet.replicas.length, connection)
  const answers: Answer[] = []
  for (let turn = 0; turn < times; turn += 1) {
    answers.push(...(await Promise.all(fleet.connections.map((one) => read(one, turn)))))
  }
  return answers
}
