import type { IssuedToken } from '@keywell/sandbox'
import { must } from '../support/stage.ts'
import type { Fleet } from './fleet.ts'
import type { Account, Disturbance, Evidence } from './ledger.ts'

/** Watches a run while it goes; what can be read afterwards is read afterwards. */
export interface Witness {
  /** Notes that a process is being disturbed now. */
  disturbed(kind: Disturbance['kind']): void
  /** Ends the watch, and reads what the run left behind. */
  gather(): Promise<Evidence>
}

const sampleEveryMs = 250
/** Readers at once, while the stored tokens are compared. */
const readersAtOnce = 8

export function startWitness(fleet: Fleet): Witness {
  const disturbances: Disturbance[] = []
  let worstLateLeaseMs = 0
  const sampler = setInterval(() => {
    lateLeaseMs(fleet).then(
      (late) => {
        worstLateLeaseMs = Math.max(worstLateLeaseMs, late)
      },
      // The database is away, as the run wants it.
      () => {},
    )
  }, sampleEveryMs)
  return {
    disturbed: (kind) => void disturbances.push({ kind, at: Date.now() }),
    async gather() {
      clearInterval(sampler)
      const [accounts, refreshes, doubleCommits] = await Promise.all([
        readAccounts(fleet),
        fleet.control.refreshes(),
        readDoubleCommits(fleet),
      ])
      return { accounts, refreshes, disturbances, doubleCommits, worstLateLeaseMs }
    },
  }
}

async function lateLeaseMs({ sql }: Fleet): Promise<number> {
  const [row] = await sql.query<{ late: number | null }>(
    `select (extract(epoch from max(now() - greatest(lease_until, due_at))) * 1000)::float8 as late
     from refresh_schedule where lease_until < now() and due_at <= now() and state <> 'dead'`,
  )
  return row?.late ?? 0
}

interface Row {
  id: string
  status: string
  reason: string | null
  generation: number
  readable: boolean
}

async function readAccounts(fleet: Fleet): Promise<Account[]> {
  const rows = await fleet.sql.query<Row>(
    `select c.id, c.status, c.reason, coalesce(k.generation, c.generation) as generation,
            coalesce(c.status = 'active' and k.expires_at > now() + interval '10 seconds', false)
              as readable
     from connections c
     left join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id`,
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  const newest = newestPairs(await fleet.control.tokens())
  const accounts: Account[] = []
  const waiting = [...fleet.connections]
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const row = byId.get(next.id)
      if (row === undefined) throw new Error(`the row of ${next.id} is gone`)
      const pair = newest.get(next.grantId)
      accounts.push({
        connectionId: next.id,
        grantId: next.grantId,
        status: row.status,
        reason: row.reason,
        generation: row.generation,
        grantLives: pair?.revokedAt === null,
        holdsNewest: row.readable ? (await storedToken(fleet, next)) === pair?.accessToken : null,
      })
    }
  }
  await Promise.all(Array.from({ length: readersAtOnce }, work))
  return accounts
}

/** The harness's own service has the keys, and reads past every proxy. */
async function storedToken(
  { stage }: Fleet,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<unknown> {
  return must(await stage.read({ tenantId, userId }), 200).credential
}

/** By grant: the last pair that was issued. They are listed in the order of their making. */
function newestPairs(pairs: readonly IssuedToken[]): Map<string, IssuedToken> {
  return new Map(pairs.map((pair) => [pair.grantId, pair]))
}

async function readDoubleCommits({ sql }: Fleet): Promise<Evidence['doubleCommits']> {
  return sql.query(
    `select connection_id as "connectionId", generation from audit
     where action = 'connection.refresh' and result = 'ok' and reason is null
     group by 1, 2 having count(*) > 1`,
  )
}
