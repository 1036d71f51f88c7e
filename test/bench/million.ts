/**
 * What a great many connections cost: a million sealed ones of 5,000 tenants on a Postgres that syncs every
 * commit. First 2 % of them are in use and the others dormant; then all are in use, as far as the machine
 * goes. `BENCH_CONNECTIONS`, `BENCH_TENANTS`, `BENCH_SECONDS` and `BENCH_REPLICAS` set the size.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createKeyFile } from '@keywell/server'
import { z } from 'zod'
import { type Replica, startReplica } from '../faults/replica.ts'
import { openCreated, openOwner, type TestDatabase } from '../support/inspected.ts'
import { createMigrated, runStatement } from '../support/migrated.ts'
import { login, startPostgres, withDatabase } from '../support/postgres.ts'
import { runnable } from '../support/runnable.ts'
import { createSealToken } from '../support/sealing.ts'
import { createStage, must } from '../support/stage.ts'
import { openVault, readKeys } from '../support/vault.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'
import {
  type Fill,
  fill,
  isInUse,
  lifeSeconds,
  renewedAfterSeconds,
  tenantOf,
  userOf,
} from './million-fill.ts'

const size = (name: string, usual: number, short: number) =>
  Number(process.env[`BENCH_${name}`] ?? (isShort ? short : usual))
const connections = size('CONNECTIONS', 1_000_000, 300)
const tenants = size('TENANTS', 5_000, 10)
const seconds = size('SECONDS', 600, 2)
const replicaCount = size('REPLICAS', 1, 1)
const inUse = 0.02
const daySeconds = 86_400
/** Due connections of a service that keeps up. */
const nearlyNone = 20
const million = 1_000_000

export const millionOfConnections: Bench = [withMillion]

async function withMillion(): Promise<readonly Figure[]> {
  const postgres = await startPostgres({ durable: true })
  const provider = forkProvider()
  try {
    return await measure(postgres.url, provider)
  } finally {
    provider.disconnect()
    await postgres.stop()
  }
}

async function measure(postgresUrl: string, provider: ChildProcess): Promise<readonly Figure[]> {
  const name = 'keywell_bench'
  await createMigrated(postgresUrl, name)
  const appUrl = withDatabase(postgresUrl, name, login)
  const ownerUrl = withDatabase(postgresUrl, name)
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-bench-')), 'root-key')
  createKeyFile(keyPath)
  const [greeting]: unknown[] = await once(provider, 'message')
  const { url: host } = z.object({ url: z.string() }).parse(greeting)
  const origin = new URL(host).origin
  const sql = await openOwner(ownerUrl)
  const { apiKey, integration } = await setUp({ appUrl, ownerUrl, keyPath, host })

  const all: Fill = { connections, tenants, inUse, integration }
  const vault = openVault(readKeys(keyPath), sql)
  const beganMs = performance.now()
  await fill(sql, createSealToken(vault), all, (done) => say(`${done} connections are sealed`))
  const filledInMs = performance.now() - beganMs
  vault.close()
  await runStatement(ownerUrl, 'vacuum analyze')
  await noteClaims(sql)
  const sizes = await sizesOf(sql)
  const figures: Figure[] = [
    plain('connections', connections, ''),
    plain('sealed and written', (connections * 1_000) / filledInMs, 'per second'),
    plain('tables, for a connection', sizes.tables / connections, 'B'),
    plain('indexes, for a connection', sizes.indexes / connections, 'B'),
  ]

  const settings = { databaseUrl: appUrl, keyPath, providerOrigin: origin, poolSize: 10 }
  const replicas = await Promise.all(
    Array.from({ length: replicaCount }, () =>
      startReplica({ ...settings, role: 'all', timing: {}, auditRefreshes: false }),
    ),
  )
  const stage = { sql, provider, replicas, apiKey, all }
  await catchUp(stage)
  figures.push(...(await phase(stage, '2 % in use', inUse)))
  await makeAllUsed(sql)
  figures.push(...(await phase(stage, 'all in use', 1)))
  for (const replica of replicas) await replica.drain()
  await sql.close()
  return figures
}

/** An API key, and an integration at the provider, made as an operator makes them. */
async function setUp(to: { appUrl: string; ownerUrl: string; keyPath: string; host: string }) {
  const privateHosts = [{ origin: new URL(to.host).origin }]
  const options = { keyPath: to.keyPath, role: 'serve', swept: false, privateHosts } as const
  const stage = await createStage(await openCreated(to), options)
  const body = { provider: 'gitlab', host: to.host, scopes: ['read_api'] }
  const client = { clientId: 'bench', clientSecret: 'bench-secret' }
  const answer = await stage.call<{ id: string }>('POST', '/v1/integrations', {
    ...body,
    ...client,
  })
  const { id } = must(answer, 201)
  await stage.stop()
  return { apiKey: stage.apiKey, integration: { id, host: to.host } }
}

interface Stage {
  sql: TestDatabase
  provider: ChildProcess
  replicas: readonly Replica[]
  apiKey: string
  all: Fill
}

/** Until what came due while the tables were filled is done; it is no part of the figures. */
async function catchUp(stage: Stage): Promise<void> {
  const untilMs = performance.now() + seconds * 1_000
  for (let due = Number.POSITIVE_INFINITY; due > nearlyNone && performance.now() < untilMs; ) {
    await pause(1_000)
    due = (await stateOf(stage)).due
  }
}

/** So many seconds of work, with the reads of those that are in use beside it. */
async function phase(stage: Stage, name: string, share: number): Promise<readonly Figure[]> {
  const { sql, provider, replicas } = stage
  say(`${name}: ${seconds} seconds of work begin`)
  await sql.query('truncate bench_claims')
  const before = await stateOf(stage)
  const untilMs = performance.now() + seconds * 1_000
  const beganMs = performance.now()
  const reading = readNowAndThen(stage, share, untilMs)
  let memoryBytes = 0
  while (performance.now() < untilMs) {
    memoryBytes = Math.max(memoryBytes, ...replicas.map(residentBytes))
    await pause(Math.min(1_000, untilMs - performance.now()))
  }
  const reads = await reading
  const after = await stateOf(stage)
  const ranSeconds = (performance.now() - beganMs) / 1_000
  const claims = await sql.query<{ ms: number }>('select ms from bench_claims')
  const lags = claims.map(({ ms }) => ms)
  const grown = (what: keyof typeof after) => after[what] - before[what]
  const perSecond = (what: keyof typeof after) => grown(what) / ranSeconds
  const aDay = (daySeconds * million) / connections
  const of = (what: string) => `${name}: ${what}`
  say(`${name}: over, ${provider.connected ? grown('calls') : 0} calls of the provider`)
  return [
    plain(of('claims'), claims.length / ranSeconds, 'per second'),
    plain(of('provider calls'), perSecond('calls'), 'per second'),
    plain(of('reads'), reads / ranSeconds, 'per second'),
    plain(of('lag of a claim, p50'), lags.length === 0 ? 0 : quantile(lags, 0.5), 'ms'),
    plain(of('lag of a claim, p99'), lags.length === 0 ? 0 : quantile(lags, 0.99), 'ms'),
    plain(of('due and not begun at the end'), after.due, 'connections'),
    plain(of('write-ahead log'), perSecond('wal') / 1e3, 'kB per second'),
    plain(of('write-ahead log, for a million and day'), (perSecond('wal') * aDay) / 1e9, 'GB'),
    plain(of('audit entries, for a million and day'), perSecond('entries') * aDay, ''),
    plain(of('growth of tables'), Math.max(0, grown('tables')) / 1e6, 'MB'),
    plain(of('growth of indexes'), Math.max(0, grown('indexes')) / 1e6, 'MB'),
    plain(of('runs of autovacuum'), grown('vacuums'), ''),
    plain(of('dead rows at the end'), after.dead, ''),
    plain(of('memory of a replica, at most'), memoryBytes / 1e6, 'MB'),
  ]
}

/** As often as SDKs ask: once in the life of each token. */
async function readNowAndThen(
  { replicas, apiKey, all }: Stage,
  share: number,
  untilMs: number,
): Promise<number> {
  const used = Array.from({ length: connections }, (_, index) => index).filter((index) =>
    isInUse(index, { ...all, inUse: share }),
  )
  const pauseMs = (renewedAfterSeconds * 1_000) / used.length
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  let reads = 0
  // Where reads take longer than their pause, there are fewer; the phase does not last longer for them.
  for (let dueMs = performance.now(); performance.now() < untilMs; dueMs += pauseMs) {
    await pause(Math.max(0, Math.min(dueMs, untilMs) - performance.now()))
    const index = used[Math.floor(Math.random() * used.length)] ?? 0
    const who = { tenantId: tenantOf(index, all), userId: userOf(index) }
    const response = await fetch(`${replicas[reads % replicas.length]?.url}/v1/credentials`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ provider: 'gitlab', ...who }),
    })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`a read was answered ${response.status}`)
    reads += 1
  }
  return reads
}

/** From here on a backend has read of each of them, and they are due as those in use are. */
async function makeAllUsed(sql: TestDatabase): Promise<void> {
  const tenantsOfSlice = 50
  for (let first = 0; first < tenants; first += tenantsOfSlice) {
    const ids = Array.from({ length: tenantsOfSlice }, (_, at) => `ten_${first + at}`)
    await sql.query(
      `with used as (
         update refresh_schedule set read_at = now(),
           refresh_at = now() + random() * interval '${renewedAfterSeconds} seconds'
         where tenant_id = any ($1::text[]) and state = 'idle'
         returning tenant_id, connection_id, refresh_at
       )
       update credentials k
       set issued_at = used.refresh_at - interval '${renewedAfterSeconds} seconds',
         expires_at = used.refresh_at + interval '${lifeSeconds - renewedAfterSeconds} seconds'
       from used where k.tenant_id = used.tenant_id and k.connection_id = used.connection_id`,
      [ids],
    )
  }
  say('every connection is in use')
}

/** How late each claim is, by the database's clock, in a table that leaves nothing in its log. */
async function noteClaims(sql: TestDatabase): Promise<void> {
  await sql.query(`
    create unlogged table bench_claims (ms float8 not null);
    create function bench_note_claim() returns trigger language plpgsql security definer as $$
      begin
        insert into bench_claims
        values (greatest(0, extract(epoch from clock_timestamp() - old.due_at) * 1000));
        return null;
      end $$;
    create trigger bench_claims after update on refresh_schedule for each row
      when (old.epoch <> new.epoch) execute function bench_note_claim();
  `)
}

async function stateOf({ sql, provider }: Stage) {
  const [row] = await sql.query<{
    wal: number
    entries: number
    vacuums: number
    dead: number
    due: number
  }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal,
       (select count(*)::int from audit) as entries,
       (select sum(autovacuum_count)::int from pg_stat_user_tables) as vacuums,
       (select sum(n_dead_tup)::int from pg_stat_user_tables) as dead,
       (select count(*)::int from refresh_schedule where state <> 'dead' and due_at <= now()) as due`,
  )
  if (row === undefined) throw new Error('a select without a table has one row')
  const answer = once(provider, 'message')
  provider.send('calls?')
  const [counted]: unknown[] = await answer
  return { ...row, ...(await sizesOf(sql)), ...z.object({ calls: z.number() }).parse(counted) }
}

async function sizesOf(sql: TestDatabase): Promise<{ tables: number; indexes: number }> {
  const [row] = await sql.query<{ tables: number; indexes: number }>(
    `select sum(pg_table_size(oid))::float8 as tables, sum(pg_indexes_size(oid))::float8 as indexes
     from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace
       and relname not like 'bench%'`,
  )
  if (row === undefined) throw new Error('a select without a table has one row')
  return row
}

/** Of a process on Linux; elsewhere it is not known, and zero. */
function residentBytes({ pid }: Replica): number {
  try {
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes ?? 0) * 1_024
  } catch {
    return 0
  }
}

function forkProvider(): ChildProcess {
  const path = fileURLToPath(new URL('million-provider.ts', import.meta.url))
  const { flags, main } = runnable(path)
  return fork(main, [], {
    execArgv: flags,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

function plain(name: string, value: number, unit: string): Figure {
  return { name, value, unit, goal: null, better: 'lower' }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
