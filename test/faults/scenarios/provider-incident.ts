import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { shortTiming, until } from '../load.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /** How long a minute of the incident guard's times takes: it has the proportions of the service, and another clock. */
  minuteMs: number
  /** Minutes until all are fresh again, and until a withdrawal is believed: more of them where a minute is short. */
  freshWithin: number
  believedWithin: number
}

const replicas = 2
/** What each replica may have under way when the incident is seen. */
const underWay = 32
const liesForMinutes = 10
const asksPerMinute = 30

export const providerIncident: Scenario<Parameters> = {
  title:
    'The provider refuses everybody, and is well again: nobody ends. Then the grants are really withdrawn, and all do.',
  short: { connections: 60, minuteMs: 300, freshWithin: 100, believedWithin: 200 },
  long: { connections: 1_000, minuteMs: 6_000, freshWithin: 2, believedWithin: 70 },

  async run({ connections, minuteMs, freshWithin, believedWithin }) {
    const timing = {
      ...shortTiming,
      pollMs: 20,
      confirmAfterMs: minuteMs,
      incidentWindowMs: 10 * minuteMs,
      incidentAskMs: minuteMs / asksPerMinute,
      incidentConfirmMs: 60 * minuteMs,
    }
    const fleet = await startFleet({ replicas, connections, timing })
    try {
      const witness = startWitness(fleet)
      await fleet.control.addFault(faults.falseInvalidGrant())
      const body = '{"error":"invalid_token"}'
      const effect = { kind: 'respond', status: 401, body } as const
      await fleet.control.addFault({ endpoint: 'token_info', effect })
      await fleet.makeDue()
      await until('the incident is seen', async () => (await incidents(fleet)) > 0, 60_000)
      const seenAt = Date.now()
      await pause(liesForMinutes * minuteMs)
      const liedMs = Date.now() - seenAt
      const asked = (await fleet.control.refreshes()).filter((one) => one.startedAt > seenAt).length
      const maxAsked = liedMs / timing.incidentAskMs + replicas * underWay
      const endedByLies = await countEnded(fleet)
      await fleet.control.clearFaults()
      const freshMs = await timed('all are fresh', () => allFresh(fleet), 10 * 60_000)
      const heldStill = await incidents(fleet)
      const afterLies = await witness.gather()
      const ended = await countEnded(fleet)

      await fleet.control.revokeGrants({ username: 'ada' })
      await fleet.makeDue()
      const all = async () => (await countEnded(fleet)) === connections
      const confirmedMs = await timed('all have ended', all, 2 * believedWithin * minuteMs + 60_000)
      const named = await countEnded(fleet, 'revoked')
      // Connections that an incident holds are left alone, so their leases say nothing.
      return outcomeOf(judge({ ...afterLies, worstLateLeaseMs: 0 }), {
        figures: {
          asked,
          maxAsked,
          ended,
          freshMinutes: freshMs / minuteMs,
          believedMinutes: confirmedMs / minuteMs,
        },
        violations: [
          ...unless(asked > 0, 'nothing was asked in the incident, so nothing was tried'),
          ...unless(asked <= maxAsked, `asked ${asked} times, and ${maxAsked} are the budget`),
          ...unless(endedByLies + ended === 0, `${endedByLies + ended} ended by lies`),
          ...unless(heldStill === 0, 'the incident is not over'),
          ...unless(
            freshMs <= freshWithin * minuteMs,
            `all fresh after ${freshMs / minuteMs} minutes`,
          ),
          ...unless(
            confirmedMs <= believedWithin * minuteMs,
            `a withdrawal was believed after ${confirmedMs / minuteMs} minutes`,
          ),
          ...unless(named === connections, `${connections - named} are not called revoked`),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

async function incidents({ sql }: Fleet): Promise<number> {
  return (await sql.query('select 1 as one from provider_incidents')).length
}

async function countEnded({ sql }: Fleet, status?: string): Promise<number> {
  const rows = await sql.query(
    "select 1 as one from connections where status <> 'active' and coalesce(status = $1, true)",
    [status ?? null],
  )
  return rows.length
}

async function allFresh({ sql }: Fleet): Promise<boolean> {
  const left = 'select 1 as one from credentials where generation = 1 limit 1'
  return (await sql.query(left)).length === 0
}

async function timed(what: string, holds: () => Promise<boolean>, ms: number): Promise<number> {
  const beganMs = performance.now()
  await until(what, holds, ms)
  return performance.now() - beganMs
}
