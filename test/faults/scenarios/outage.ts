import { setTimeout as pause } from 'node:timers/promises'
import { parseScrape } from '../../support/scrape.ts'
import { startWitness } from '../evidence.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, shortTiming, until } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

/** What was on its way when the breakers opened has arrived. */
const calmMs = 1_000
const recoveryTimeoutMs = 300_000

interface Parameters {
  replicas: number
  connections: number
  /** How long the provider stays away once the breakers of all replicas are open. */
  forMs: number
}

export const outage: Scenario<Parameters> = {
  title:
    'The provider is away with everything due: valid tokens are served, it is left alone, all recover.',
  short: { replicas: 2, connections: 60, forMs: 3_000 },
  long: { replicas: 3, connections: 2_000, forMs: 60_000 },

  async run({ replicas, connections, forMs }) {
    const fleet = await startFleet({ replicas, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      for (const endpoint of ['token', 'token_info'] as const) {
        const effect = { kind: 'respond', status: 503, body: 'down' } as const
        await fleet.control.addFault({ endpoint, effect })
      }
      await fleet.makeDue()
      await until('every replica leaves the provider alone', () => allHold(fleet))
      const openAt = Date.now() + calmMs
      const reads = await readFor(fleet, calmMs + forMs)
      const during = await fleet.control.refreshes()
      await fleet.control.clearFaults()
      const beganMs = performance.now()
      // A row that was released without being sent is idle and not due for a moment: it is not done.
      const left = 'select 1 as one from credentials where generation = 1 limit 1'
      const allRefreshed = async () => (await fleet.sql.query(left)).length === 0
      const recovered = () => settle(fleet, { timeoutMs: recoveryTimeoutMs }).then(allRefreshed)
      await until('all are refreshed', recovered, recoveryTimeoutMs)
      const recoveryMs = performance.now() - beganMs
      const evidence = await witness.gather()
      const asked = evidence.accounts.filter(({ status }) => status !== 'active').length
      const onceOpen = during.filter(({ startedAt }) => startedAt > openAt)
      const perSecond = busiestSecond(onceOpen.map(({ startedAt }) => startedAt))
      // A host whose breaker is open is left alone, so its leases say nothing.
      return outcomeOf(judge({ ...evidence, worstLateLeaseMs: 0 }), {
        figures: {
          callsInOutage: during.length,
          perSecondOnceOpen: perSecond,
          served: reads.served,
          recoveryMs,
        },
        violations: [
          ...unless(during.length > 0, 'no call met the outage, so nothing was tried'),
          ...unless(reads.refused === 0, `${reads.refused} reads of a valid token were refused`),
          ...unless(asked === 0, `${asked} users are asked to connect again`),
          ...unless(
            evidence.accounts.every(({ generation }) => generation > 1),
            'a connection was not refreshed afterwards',
          ),
          // One in a second by all replicas together, each at its own moments: all of theirs may fall into one.
          ...unless(
            perSecond <= replicas && onceOpen.length <= forMs / 1_000 + 1,
            `${onceOpen.length} calls while the breakers were open, ${perSecond} in one second`,
          ),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

async function allHold(fleet: Fleet): Promise<boolean> {
  const states = await Promise.all(
    fleet.replicas.map(async ({ url }) => {
      const headers = { authorization: `Bearer ${fleet.stage.apiKey}` }
      const response = await fetch(`${url}/metrics`, { headers })
      const { samples } = parseScrape(await response.text())
      const hosts = samples.filter(({ name, value }) => name === 'keywell_hosts' && value > 0)
      return hosts.map(({ labels }) => labels.state)
    }),
  )
  return states.every((of) => of.length > 0 && !of.includes('closed'))
}

/** Backends go on reading, at every replica. */
async function readFor(fleet: Fleet, ms: number): Promise<{ served: number; refused: number }> {
  const untilMs = performance.now() + ms
  const count = { served: 0, refused: 0 }
  for (let turn = 0; performance.now() < untilMs; turn += 1) {
    const connection = fleet.connections[turn % fleet.connections.length]
    if (connection === undefined) break
    const { status } = await fleet.read(turn % fleet.replicas.length, connection)
    if (status === 200) count.served += 1
    else count.refused += 1
    await pause(20)
  }
  return count
}

/** Most calls in any second. */
function busiestSecond(times: readonly number[]): number {
  const within = (start: number) => times.filter((at) => at >= start && at < start + 1_000).length
  return Math.max(0, ...times.map(within))
}
