import { faults } from '@keywell/sandbox'
import type { FaultPointName } from '@keywell/server'
import { startWitness, type Witness } from '../evidence.ts'
import { type Fleet, type Seeded, startFleet } from '../fleet.ts'
import { judge } from '../ledger.ts'
import { countIssued, settle, shortTiming, until } from '../load.ts'
import { outcomeOf, type Scenario } from '../scenario.ts'

interface Parameters {
  /** Kills at each point. */
  kills: number
  /** How many connections are at the point when their process dies. */
  perLife: number
}

/** Where a process dies, and what that costs with a provider that rotates strictly. */
const points: readonly { at: FaultPointName | 'unread' | 'unanswered'; loses: boolean }[] = [
  { at: 'after_claim', loses: false },
  { at: 'before_send', loses: false },
  // Sent, and the provider has not seen it.
  { at: 'unread', loses: false },
  // The provider has rotated, and its answer is on the way.
  { at: 'unanswered', loses: true },
  { at: 'after_answer', loses: true },
  { at: 'before_commit', loses: true },
  { at: 'after_commit', loses: false },
  { at: 'before_push', loses: false },
]

export const killPoints: Scenario<Parameters> = {
  title: 'SIGKILL at every point of a refresh: a pair is lost only between two commits, and named.',
  short: { kills: 6, perLife: 6 },
  long: { kills: 200, perLife: 20 },

  async run({ kills, perLife }) {
    const connections = kills * points.length
    const fleet = await startFleet({ replicas: 1, connections, timing: shortTiming })
    try {
      const witness = startWitness(fleet)
      const died = new Map<string, (typeof points)[number]>()
      const fresh = [...fleet.connections]
      for (const point of points) {
        for (let done = 0; done < kills; done += perLife) {
          const victims = fresh.splice(0, Math.min(perLife, kills - done))
          await dieAt(point.at, victims, fleet, witness)
          for (const { id } of victims) died.set(id, point)
          await fleet.replace(0)
        }
      }
      // Until now no other process worked on them, so that no death met another one's recovery.
      await bringBack(fleet)
      await settle(fleet)
      const evidence = await witness.gather()
      const violations = evidence.accounts.flatMap((account) => {
        const point = died.get(account.connectionId)
        const isLost = account.reason === 'lost_rotation'
        if (point === undefined || isLost === point.loses) return []
        return [`${account.connectionId}: ${isLost ? '' : 'not '}lost by a kill at ${point.at}`]
      })
      const unlogged = await countUnlogged(fleet)
      if (unlogged > 0) violations.push(`${unlogged} commits have no change in the log`)
      // Victims were held at the point, the first of them for as long as the last took to come.
      const verdict = judge(evidence, { excuseMs: 10_000 })
      return outcomeOf(verdict, { figures: { kills: died.size }, violations })
    } finally {
      await fleet.stop()
    }
  },
}

/** Brings the victims to the point, kills their process there, and keeps them from being claimed. */
async function dieAt(
  at: (typeof points)[number]['at'],
  victims: readonly Seeded[],
  fleet: Fleet,
  witness: Witness,
): Promise<void> {
  const { control, providerProxy } = fleet
  const [replica] = fleet.replicas
  if (replica === undefined) throw new Error('a fleet without a replica')
  const ids = victims.map(({ id }) => id)

  if (at === 'unread') {
    providerProxy.set({ kind: 'swallow' })
    await fleet.makeDue({ ids })
    await until('every request is on its way', async () => (await countLeased(fleet)) >= ids.length)
    await until('some of them were taken', () => providerProxy.swallowed() > 0)
  } else if (at === 'unanswered') {
    const before = await countIssued(fleet)
    await control.addFault(faults.slowAnswer(60_000))
    await fleet.makeDue({ ids })
    await until(
      'the provider has rotated every pair',
      async () => (await countIssued(fleet)) >= before + ids.length,
    )
  } else if (at === 'before_push') {
    // Changes are sent one after the other: the first one is held, and the others wait behind it.
    const order = { point: at, skip: 0, hold: ids.length + 1, action: 'kill' } as const
    replica.arm(order).catch(() => {})
    await fleet.makeDue({ ids })
    await until('all are committed', async () => (await countRenewed(fleet, ids)) === ids.length)
  } else {
    const gone = replica.arm({ point: at, skip: 0, hold: ids.length, action: 'kill' })
    await fleet.makeDue({ ids })
    await gone
  }
  witness.disturbed('kill')
  await replica.kill()
  await setAside(fleet, ids)
  providerProxy.cut()
  providerProxy.set({ kind: 'pass' })
  await control.clearFaults()
}

/** What did not come to an end is not claimed again before it is brought back. */
async function setAside({ sql }: Fleet, ids: readonly string[]): Promise<void> {
  await sql.query(
    `update refresh_schedule set refresh_at = now() + interval '1 day'
     where state <> 'idle' and connection_id = any (string_to_array($1, ','))`,
    [ids.join(',')],
  )
}

/** A few at a time: what waits behind a backlog of ours says nothing about leases. */
const broughtBackAtOnce = 100

async function bringBack({ sql }: Fleet): Promise<void> {
  const isAside = "state not in ('idle', 'dead') and refresh_at > now() + interval '1 hour'"
  for (let left = 1; left > 0; ) {
    const lot = await sql.query(
      `update refresh_schedule set refresh_at = now() where (tenant_id, connection_id) in (
         select tenant_id, connection_id from refresh_schedule where ${isAside} limit $1)
       returning 1 as one`,
      [broughtBackAtOnce],
    )
    left = lot.length
    await until('the lot is taken up', async () => {
      const late = await sql.query(
        "select 1 as one from refresh_schedule where state <> 'dead' and due_at <= now() and lease_until < now()",
      )
      return late.length === 0
    })
  }
}

async function countRenewed({ sql }: Fleet, ids: readonly string[]): Promise<number> {
  const rows = await sql.query(
    `select 1 from credentials
     where generation > 1 and connection_id = any (string_to_array($1, ','))`,
    [ids.join(',')],
  )
  return rows.length
}

async function countLeased({ sql }: Fleet): Promise<number> {
  const rows = await sql.query(
    "select 1 from refresh_schedule where state = 'refreshing' and due_at <= now()",
  )
  return rows.length
}

/** Commits that no reader of the change log will ever receive. */
async function countUnlogged({ sql }: Fleet): Promise<number> {
  const rows = await sql.query(
    `select 1 from credentials k
     where k.generation > 1 and not exists (
       select 1 from changes c
       where c.tenant_id = k.tenant_id and c.connection_id = k.connection_id
         and c.kind = 'refreshed' and c.generation = k.generation)`,
  )
  return rows.length
}
