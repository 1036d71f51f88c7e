/** What finding due work costs: the claim of 16 rows, of tables of several sizes. */

import { randomUUID } from 'node:crypto'
import type { Database } from '@keywell/server'
import { openOwner, type TestDatabase } from '../support/inspected.ts'
import { createMigrated, runStatement } from '../support/migrated.ts'
import { startPostgres, withDatabase } from '../support/postgres.ts'
import { type Claim, claimDue, recordSuccess } from '../support/refresh-schedule.ts'
import { everyTenant } from '../support/scopes.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

const rowsOfAll = isShort ? [100, 1_000, 2_000] : [10_000, 100_000, 1_000_000]
const heldRows = isShort ? 100 : 100_000
const rounds = isShort ? 3 : 400
/** Due at any time, as after an outage; the others are due within two hours. */
const dueRows = 1_000
const rowsOfSlice = 50_000
const heldOrigin = 'https://held.example'
const claim = { owner: randomUUID(), leaseMs: 60_000, limit: 16 }

interface Table {
  rows: number
  database: TestDatabase
  /** Times of each claim. */
  ms: number[]
}

export const claims: Bench = [claimTimes]

/** The tables take turns, so that whatever else the machine does meets all of them alike. */
async function claimTimes(): Promise<readonly Figure[]> {
  const postgres = await startPostgres({ durable: true })
  const opened: Database[] = []
  const makeTable = async (rows: number, held: number): Promise<Table> => {
    const name = `rows_${rows}_${held}`
    await createMigrated(postgres.url, name)
    const url = withDatabase(postgres.url, name)
    const database = await openOwner(url)
    opened.push(database)
    await fill(database, rows, held)
    // By itself, since it runs in no transaction.
    await runStatement(url, 'vacuum analyze refresh_schedule')
    return { rows, database, ms: [] }
  }
  try {
    const plain: Table[] = []
    for (const rows of rowsOfAll) plain.push(await makeTable(rows, 0))
    const withHeld = await makeTable(rowsOfAll[1] ?? 0, heldRows)
    for (let round = 0; round < rounds; round += 1) {
      for (const table of plain) await timeClaim(table, [])
      await timeClaim(withHeld, [heldOrigin])
    }
    return figuresOf(plain, withHeld)
  } finally {
    await Promise.all(opened.map((database) => database.close()))
    await postgres.stop()
  }
}

async function fill(database: TestDatabase, rows: number, held: number): Promise<void> {
  const dueAt = `case when n <= ${dueRows} then now() - random() * interval '10 minutes'
                      else now() + random() * interval '2 hours' end`
  await insert(database, { rows, host: 'https://gitlab.com', dueAt })
  const longAgo = `now() - interval '1 hour' * (1 + random())`
  await insert(database, { rows: held, host: heldOrigin, dueAt: longAgo })
  await database.query(
    `insert into integrations (tenant_id, id, provider, method, host, scopes)
     select distinct '@install', integration_id, 'gitlab', 'oauth', host, '{}'::text[] from refresh_schedule`,
  )
}

/** Slice by slice, since the driver lets no statement take longer than ten seconds. */
async function insert(
  database: TestDatabase,
  { rows, host, dueAt }: { rows: number; host: string; dueAt: string },
): Promise<void> {
  for (let first = 1; first <= rows; first += rowsOfSlice) {
    await database.query(
      `insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at,
         probe_at)
       select 'ten_' || n % 100, $3 || lpad(n::text, 20, '0'), 'int_' || $3, $3, 'idle', ${dueAt},
         now() + interval '6 hours'
       from generate_series($1::int, $2::int) n`,
      [first, Math.min(rows, first + rowsOfSlice - 1), host],
    )
  }
}

async function timeClaim({ database, ms }: Table, heldOrigins: string[]): Promise<void> {
  const beganMs = performance.now()
  const claimed = await claimDue(database.of(everyTenant), { ...claim, heldOrigins })
  ms.push(performance.now() - beganMs)
  if (claimed.length !== claim.limit) throw new Error(`claimed ${claimed.length} rows`)
  await putBack(database, claimed)
}

/** As a success would, but due again: as many rows as before are due, at other places. */
async function putBack(database: TestDatabase, claimed: readonly Claim[]): Promise<void> {
  const tenantIds = claimed.map(({ tenantId }) => tenantId)
  await database.transaction(tenantIds, async (sql) => {
    const settle = (row: Claim) => {
      const plan = { refreshInMs: -Math.random() * 600_000, probeInMs: 21_600_000 }
      const due = { inUse: plan, dormant: plan, dormantAfterMs: 0 }
      return recordSuccess(sql, {
        ...row,
        ...due,
        grantEndsInMs: null,
        endsSoonInMs: null,
        recheckState: 'none',
      })
    }
    await Promise.all(claimed.map(settle))
  })
}

function figuresOf(plain: readonly Table[], withHeld: Table): Figure[] {
  const p99 = plain.map(({ ms }) => quantile(ms, 0.99))
  const [small = Number.NaN, , large = Number.NaN] = p99
  const [few, middle, many] = rowsOfAll.map((rows) => rows.toLocaleString('en'))
  return [
    ...plain.flatMap(({ rows, ms }, index) => [
      inMs(`a claim of 16 of ${rows.toLocaleString('en')} rows, p50`, quantile(ms, 0.5), null),
      inMs(
        `a claim of 16 of ${rows.toLocaleString('en')} rows, p99`,
        quantile(ms, 0.99),
        index === 1 ? 5 : null,
      ),
    ]),
    {
      name: `a claim of ${many} rows / of ${few}, p99`,
      value: large / small,
      unit: 'x',
      goal: 1.5,
      better: 'lower',
    },
    inMs(
      `a claim of ${middle} rows behind ${heldRows.toLocaleString('en')} of a held host, p50`,
      quantile(withHeld.ms, 0.5),
      null,
    ),
    inMs(
      `a claim of ${middle} rows behind ${heldRows.toLocaleString('en')} of a held host, p99`,
      quantile(withHeld.ms, 0.99),
      null,
    ),
  ]
}

function inMs(name: string, value: number, goal: number | null): Figure {
  return { name, value, unit: 'ms', goal, better: 'lower' }
}
