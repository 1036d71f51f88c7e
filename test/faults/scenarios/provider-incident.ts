import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '@keywell/sandbox'
import { startWitness } from '../evidence.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { settle, until } from '../load.ts'
import type { ReplicaSettings } from '../replica.ts'
import { outcomeOf, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  /**
   * How long a minute of the service takes here. What one machine can refresh in a second does not grow with a
   * faster clock, so the recovery, which is work, has a slower one than the hour in which next to nothing happens.
   */
  minuteMs: { lies: number; removal: number }
  /** For how many minutes the provider lies. */
  liesMinutes: number
  /** For how many minutes every connection must be refused before an incident is confirmed; 60 in service. Far more than it lies. */
  confirmMinutes: number
  /** Minutes until all are fresh again, and until all have ended. Null: judged by what is due alone, on any machine. */
  within: { fresh: number; ended: number } | null
}

type OnOneClock = Omit<Parameters, 'minuteMs'> & { minuteMs: number }

const replicas = 2
/** What each replica may have under way when the incident is seen. */
const underWay = 32
const windowMinutes = 10
const asksPerMinute = 30
/** A refresh that is refused, and the probe of its access token. */
const callsPerAsk = 2
/** What is held is asked again within this time after a release, and within the other after a confirmation. */
const releaseMinutes = 1
const confirmSpreadMinutes = 5

export const providerIncident: Scenario<Parameters> = {
  title:
    'The provider refuses every connection, and is well again: none ends. Then the grants are really withdrawn, and all end.',
  short: {
    connections: 24,
    minuteMs: { lies: 300, removal: 300 },
    liesMinutes: 3,
    confirmMinutes: 15,
    within: null,
  },
  long: {
    connections: 1_000,
    minuteMs: { lies: 60_000, removal: 10_000 },
    liesMinutes: 10,
    confirmMinutes: 60,
    within: { fresh: 2, ended: 70 },
  },

  async run(parameters) {
    const { connections, minuteMs, within } = parameters
    const fleet = await startFleet({
      replicas,
      connections,
      ...settingsOf(minuteMs.lies, parameters),
    })
    try {
      const witness = startWitness(fleet)
      const lies = await lieToAll(fleet, { ...parameters, minuteMs: minuteMs.lies })
      const evidence = await witness.gather()
      if (minuteMs.removal !== minuteMs.lies) {
        for (const [place, replica] of fleet.replicas.entries()) {
          await replica.drain()
          await fleet.replace(place, settingsOf(minuteMs.removal, parameters))
        }
      }
      const removal = await removeApp(fleet, { ...parameters, minuteMs: minuteMs.removal })
      // Connections that an incident holds are left alone, so their leases say nothing.
      return outcomeOf(judge({ ...evidence, worstLateLeaseMs: 0 }), {
        figures: { ...lies.figures, ...removal.figures },
        violations: [
          ...lies.violations,
          ...removal.violations,
          ...(within === null
            ? []
            : [
                ...isWithin('all fresh', lies.figures.freshMinutes, within.fresh),
                ...isWithin('all ended', removal.figures.endedMinutes, within.ended),
              ]),
        ],
      })
    } finally {
      await fleet.stop()
    }
  },
}

/** Leases, deadlines and the limits of a public host are those of the service, the limits on this clock. */
function settingsOf(
  minuteMs: number,
  { confirmMinutes, within }: Parameters,
): Pick<ReplicaSettings, 'timing' | 'limits'> {
  const requestsPerSecond = (20 * 60_000) / minuteMs
  return {
    timing: {
      pollMs: Math.max(20, minuteMs / 60),
      confirmAfterMs: minuteMs,
      incidentWindowMs: windowMinutes * minuteMs,
      incidentAskMs: minuteMs / asksPerMinute,
      incidentConfirmMs: confirmMinutes * minuteMs,
    },
    limits: within === null ? undefined : { requestsPerSecond, burst: 40, concurrency: 24 },
  }
}

/** False answers for every connection, and the recovery from them. */
async function lieToAll(fleet: Fleet, { connections, minuteMs, liesMinutes }: OnOneClock) {
  const { control } = fleet
  await control.addFault(faults.falseInvalidGrant())
  const body = '{"error":"invalid_token"}'
  const effect = { kind: 'respond', status: 401, body } as const
  await control.addFault({ endpoint: 'token_info', effect })
  await fleet.makeDue()
  await until('the incident is seen', async () => (await incidents(fleet)) > 0, 60_000)
  const seenMs = performance.now()
  const before = await callsTo(fleet)
  await pause(liesMinutes * minuteMs)
  const isAnyAsked = async () => (await callsTo(fleet)) > before
  await until('a connection is asked in the incident', isAnyAsked, 60_000)
  const calls = (await callsTo(fleet)) - before
  const asks = ((performance.now() - seenMs) / minuteMs) * asksPerMinute
  const budget = Math.ceil(callsPerAsk * (asks + Math.min(connections, replicas * underWay)))
  const endedByLies = await countEnded(fleet)

  await control.clearFaults()
  const wellMs = performance.now()
  const minutes = () => (performance.now() - wellMs) / minuteMs
  await until('the incident is over', async () => (await incidents(fleet)) === 0, 10 * 60_000)
  const releasedMinutes = minutes()
  const dueMinutes = (await longestPauseMs(fleet)) / minuteMs
  await until('all are fresh', () => allFresh(fleet), 10 * 60_000)
  const freshMinutes = minutes()
  // What is answered and not yet written would look like a loss.
  await settle(fleet, { agesDoubts: false })
  const ended = await countEnded(fleet)
  const opened = await countOpened(fleet)
  return {
    figures: { calls, budget, ended, releasedMinutes, dueMinutes, freshMinutes },
    violations: [
      ...unless(calls <= budget, `${calls} calls, and ${budget} are the budget`),
      ...unless(endedByLies + ended === 0, `${endedByLies + ended} ended by lies`),
      ...unless(opened === 1, `${opened} incidents were opened`),
      ...isWithin('what was held is due again', dueMinutes, releaseMinutes),
    ],
  }
}

/** The app is removed at the provider: every connection is refused, and this time it is true. */
async function removeApp(fleet: Fleet, { connections, minuteMs, confirmMinutes }: OnOneClock) {
  await fleet.control.revokeGrants({ username: 'ada' })
  await fleet.makeDue()
  const beganMs = performance.now()
  const minutes = () => (performance.now() - beganMs) / minuteMs
  const patienceMs = 3 * confirmMinutes * minuteMs + 120_000
  let endedEarly = 0
  const isConfirmed = async () => {
    const { ended, confirmed } = await progressOf(fleet, confirmMinutes * minuteMs)
    if (!confirmed) endedEarly = Math.max(endedEarly, ended)
    return confirmed
  }
  await until('the removal is confirmed', isConfirmed, patienceMs)
  const confirmedMinutes = minutes()
  const heldMinutes = (await heldMs(fleet)) / minuteMs
  const dueMinutes = (await longestPauseMs(fleet)) / minuteMs
  const allEnded = async () => (await countEnded(fleet)) === connections
  await until('all have ended', allEnded, patienceMs)
  const endedMinutes = minutes()
  const notRevoked = connections - (await countEnded(fleet, 'revoked'))
  return {
    figures: { confirmedMinutes, heldMinutes, endedMinutes, notRevoked },
    violations: [
      ...unless(endedEarly === 0, `${endedEarly} ended before the removal was confirmed`),
      ...unless(
        heldMinutes >= confirmMinutes,
        `confirmed after ${heldMinutes} minutes of refusals`,
      ),
      ...unless(notRevoked === 0, `${notRevoked} are not called revoked`),
      ...isWithin('what is gone is due again', dueMinutes, confirmSpreadMinutes),
    ],
  }
}

function isWithin(what: string, minutes: number, bound: number): string[] {
  return unless(minutes <= bound, `${what} after ${minutes} minutes; the bound is ${bound}`)
}

async function callsTo({ control }: Fleet): Promise<number> {
  const { calls } = await control.counters()
  return (calls.token ?? 0) + (calls.token_info ?? 0)
}

async function incidents({ sql }: Fleet): Promise<number> {
  return (await sql.query('select 1 as one from provider_incidents')).length
}

async function countOpened({ sql }: Fleet): Promise<number> {
  return (await sql.query("select 1 as one from audit where action = 'incident.open'")).length
}

/** From its opening until it was confirmed. */
async function heldMs({ sql }: Fleet): Promise<number> {
  const [row] = await sql.query<{ ms: number }>(
    `select (extract(epoch from confirmed_at - refusing_since) * 1000)::float8 as ms
     from provider_incidents where confirmed_at is not null`,
  )
  return row?.ms ?? 0
}

/**
 * Who has ended without having been refused for long enough itself. Of one moment, so that what is confirmed in
 * between explains no early end.
 */
async function progressOf(
  { sql }: Fleet,
  confirmMs: number,
): Promise<{ ended: number; confirmed: boolean }> {
  const [row] = await sql.query<{ ended: number; confirmed: boolean }>(
    `select (select count(*)::int from refresh_schedule where state = 'dead'
               and answered_at < refused_at + $1 * interval '1 millisecond') as ended,
            exists (select from provider_incidents where confirmed_at is not null) as confirmed`,
    [confirmMs],
  )
  return row ?? { ended: 0, confirmed: false }
}

async function countEnded({ sql }: Fleet, status?: string): Promise<number> {
  const rows = await sql.query(
    "select 1 as one from connections where status <> 'active' and coalesce(status = $1, true)",
    [status ?? null],
  )
  return rows.length
}

/** Until the last of those that were refused is asked again. A refresh that was released without being sent is not waited for. */
async function longestPauseMs({ sql }: Fleet): Promise<number> {
  const [row] = await sql.query<{ ms: number | null }>(
    `select (extract(epoch from max(refresh_at) - now()) * 1000)::float8 as ms from refresh_schedule
     where state not in ('idle', 'dead') and lease_owner is null and last_outcome <> 'not_sent'`,
  )
  return Math.max(0, row?.ms ?? 0)
}

async function allFresh({ sql }: Fleet): Promise<boolean> {
  const left = 'select 1 as one from credentials where generation = 1 limit 1'
  return (await sql.query(left)).length === 0
}
