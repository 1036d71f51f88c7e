/**
 * What it costs to read a credential through the service, each read with its key check, its vault and
 * its audit row on disk before the answer leaves; beside a bare route on the same database.
 */
import { openOwner, type TestDatabase } from '../support/inspected.ts'
import { until } from '../support/until.ts'
import { type ReadServer, readThroughput, withReadServer } from './cold-read.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

/** One: what a read takes. Sixteen: the same for a service that is busy, and far from its limit. */
const callers = [1, 16]
const readsOfRound = isShort ? 16 : 500
const rounds = isShort ? 1 : 10
/** As of a backend that reads for many users at a time. */
const writersAtOnce = 50
const writingReads = isShort ? 100 : 10_000

export const reads: Bench = [() => withReadServer(readFigures)]

async function readFigures(server: ReadServer): Promise<readonly Figure[]> {
  const figures = [...(await readThroughput(server))]
  for (const atOnce of callers) figures.push(...(await latency(server, atOnce)))
  figures.push(...(await written(server)))
  return figures
}

/** What reads leave behind: in the log of the database, and in the audit log for as long as it is kept. */
async function written({ read, postgresUrl }: ReadServer): Promise<readonly Figure[]> {
  const database = await openOwner(postgresUrl)
  try {
    await isLinked(database)
    const before = await sizesOf(database)
    await read.keywell({ times: writingReads, atOnce: writersAtOnce })
    await isLinked(database)
    const after = await sizesOf(database)
    const perRead = (what: keyof typeof after) => (after[what] - before[what]) / writingReads
    return [
      {
        name: 'an audited read: its entry and link, with their share of indexes',
        value: perRead('audit'),
        unit: 'B',
        goal: 350,
        better: 'lower',
      },
      {
        name: `write-ahead log of 1,000 reads, ${writersAtOnce} at once`,
        value: perRead('log') / 1_000,
        unit: 'MB',
        goal: 1,
        better: 'lower',
      },
    ]
  } finally {
    await database.close()
  }
}

const isLinked = (database: TestDatabase) =>
  until('every entry is in its chain', async () => {
    const [row] = await database.query('select from audit_tail limit 1')
    return row === undefined
  })

async function sizesOf(database: TestDatabase): Promise<{ audit: number; log: number }> {
  const [row] = await database.query<{ audit: number; log: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as log,
       (select sum(pg_total_relation_size(oid))::float8 from pg_class
        where relkind = 'r' and relname ~ '^audit_chain_(default|[0-9]{4}w[0-9]{2})$') as audit`,
  )
  if (row === undefined) throw new Error('a select without a table has one row')
  return row
}

/** The two take turns, so that whatever else the machine does meets both. */
async function latency({ read }: ReadServer, atOnce: number): Promise<readonly Figure[]> {
  const ms = { keywell: [] as number[], bare: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    for (const who of ['bare', 'keywell'] as const) {
      await read[who]({ times: readsOfRound, atOnce, took: (taken) => ms[who].push(taken) })
    }
  }
  const at = `${atOnce} at once`
  return [
    inMs(`a read of the service, ${at}, p50`, quantile(ms.keywell, 0.5)),
    inMs(`a read of the service, ${at}, p99`, quantile(ms.keywell, 0.99)),
    inMs(`the bare route, ${at}, p50`, quantile(ms.bare, 0.5)),
    inMs(`the bare route, ${at}, p99`, quantile(ms.bare, 0.99)),
  ]
}

function inMs(name: string, value: number): Figure {
  return { name, value, unit: 'ms', goal: null, better: 'lower' }
}
