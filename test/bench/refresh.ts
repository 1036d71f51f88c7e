/**
 * How many refreshes the service sustains, with vault, audit, change log and an open change stream, on
 * a Postgres that syncs every commit; how late due work begins; and what finding due work costs.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../support/until.ts'
import { claims } from './claims.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'
import { providerAlone } from './provider-alone.ts'
import { type RefreshStage, startRefreshStage } from './refresh-stage.ts'

const replicaCounts = isShort ? [1, 2] : [1, 2, 4]
const connections = isShort ? 16 : 400
const warmUpMs = isShort ? 100 : 3_000
const windowMs = isShort ? 1_000 : 2_000
const windows = isShort ? 1 : 7
/** So short that the connections are due again as soon as they were refreshed: a backlog for ever. */
const backlogLifeSeconds = 1
/** Due about 40 times a second in all: twice what 100,000 connections of GitLab need. */
const steadyLifeSeconds = isShort ? 1 : 15
const steadyMs = isShort ? 1_000 : 25_000

export const refresh: Bench = [withStage, ...claims]

async function withStage(): Promise<readonly Figure[]> {
  const stage = await startRefreshStage(connections)
  try {
    const figures = [await providerAlone(stage, windowMs)]
    const before = await countGenerations(stage)
    await stage.control.resetCounters()
    for (const replicas of replicaCounts) figures.push(await sustained(stage, replicas))
    figures.push(...(await late(stage)))
    const refreshes = (await countGenerations(stage)) - before
    const { grantTypes, overlaps } = await stage.control.counters()
    return [
      ...figures,
      {
        name: 'calls of the provider for each refresh, all of the above',
        value: (grantTypes.refresh_token ?? 0) / refreshes,
        unit: 'x',
        goal: 1,
        better: 'lower',
      },
      {
        name: 'refreshes of a connection that overlapped another, all of the above',
        value: Object.keys(overlaps).length,
        unit: '',
        goal: 0,
        better: 'lower',
      },
    ]
  } finally {
    await stage.stop()
  }
}

/** Of all that is due at once, how much is done in a second: the median of a few windows. */
async function sustained(stage: RefreshStage, count: number): Promise<Figure> {
  await stage.control.change({ tokenLifetimeSeconds: backlogLifeSeconds })
  await makeDue(stage, 0)
  const replicas = await stage.startReplicas(count)
  await pause(warmUpMs)
  const rates: number[] = []
  for (let window = 0; window < windows; window += 1) {
    const began = { ms: performance.now(), generations: await countGenerations(stage) }
    await pause(windowMs)
    const done = (await countGenerations(stage)) - began.generations
    rates.push((done * 1_000) / (performance.now() - began.ms))
  }
  // A machine with much else to do may not have come to it in all windows.
  await until('the change stream delivers changes', () => replicas.delivered() > 0)
  await replicas.drain()
  return {
    name: `refreshes, ${count} ${count === 1 ? 'replica' : 'replicas'}`,
    value: quantile(rates, 0.5),
    unit: 'per second',
    goal: count === 1 ? 150 : null,
    better: 'higher',
  }
}

/** Under a load that is far from the limit: how long after it was due work is claimed. */
async function late(stage: RefreshStage): Promise<readonly Figure[]> {
  await stage.control.change({ tokenLifetimeSeconds: steadyLifeSeconds })
  await makeDue(stage, steadyLifeSeconds)
  await noteLags(stage)
  const replicas = await stage.startReplicas(1)
  await pause(steadyMs)
  await replicas.drain()
  const lags = await stage.sql.query<{ ms: number }>('select ms from bench_lags')
  const ms = lags.map((lag) => lag.ms)
  const perSecond = (lags.length * 1_000) / steadyMs
  const name = `lag of a refresh at ${perSecond.toFixed(0)} due per second`
  return [
    { name: `${name}, p50`, value: quantile(ms, 0.5), unit: 'ms', goal: null, better: 'lower' },
    { name: `${name}, p99`, value: quantile(ms, 0.99), unit: 'ms', goal: 1_500, better: 'lower' },
  ]
}

/** Due from now on, spread over so many seconds. */
async function makeDue({ sql }: RefreshStage, seconds: number): Promise<void> {
  await sql.query(
    `update refresh_schedule set refresh_at = now() + random() * $1 * interval '1 second'`,
    [seconds],
  )
}

/** By the database's clock, as each claim commits. */
async function noteLags({ sql }: RefreshStage): Promise<void> {
  await sql.query(`
    create table bench_lags (ms float8 not null);
    create function bench_note_lag() returns trigger language plpgsql security definer as $$
      begin
        insert into bench_lags
        values (extract(epoch from clock_timestamp() - old.refresh_at) * 1000);
        return null;
      end $$;
    create trigger bench_lags after update on refresh_schedule for each row
      when (old.state = 'idle' and new.state = 'refreshing') execute function bench_note_lag();
  `)
}

async function countGenerations({ sql }: RefreshStage): Promise<number> {
  const [row] = await sql.query<{ sum: number }>(
    'select sum(generation)::int as sum from credentials',
  )
  return row?.sum ?? 0
}
