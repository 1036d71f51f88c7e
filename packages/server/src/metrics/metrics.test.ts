import { readFileSync } from 'node:fs'
import { gitlab } from '@keywell/providers'
import { expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { listFaults, sectionOf, spansIn, tableRows } from '../../../../test/support/markdown.ts'
import { parseScrape } from '../../../../test/support/scrape.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { createCatalogue } from '../catalogue.ts'
import { type Census, createCensus } from './census.ts'
import { createClockSkew } from './clock-skew.ts'
import { createMetrics } from './counters.ts'
import { addGauges } from './gauges.ts'
import { type HostSnapshot, maxNamedHosts } from './host-labels.ts'
import { createRegistry, createScrape } from './scrape.ts'

const counted: Census = {
  connections: [{ provider: 'gitlab', status: 'active', health: 'ok', count: 7 }],
  due: 3,
  oldestDueSeconds: 12.5,
  suspendedIntegrations: 1,
  openIncidents: 0,
  revocationsDue: 2,
  irrevocable: 4,
  webhooksDue: 5,
  auditUnlinkedSeconds: 0.5,
  hosts: ['https://gitlab.com', 'https://git.corp/gitlab'],
}

const quiet = { state: 'closed', waiting: 0, running: 0, tokens: 10 } as const

function createParts(hosts: HostSnapshot[] = [], census: Census | undefined = counted) {
  const timers = new ManualTimers()
  const registry = createRegistry()
  const metrics = createMetrics({ registry, catalogue: createCatalogue([gitlab]), now: timers.now })
  const look = createScrape(registry, {
    census: async () => census,
    hosts: () => hosts,
    streams: () => 2,
    clockSkew: () => undefined,
  })
  return { timers, metrics, scrape: async () => parseScrape((await look()).text) }
}

test('what is recorded is exported, in base units', async () => {
  const { timers, metrics, scrape } = createParts()
  const ended = metrics.refresh('gitlab')
  timers.advance(2_000)
  ended('committed')
  metrics.workBegun(7_000)
  const { value, families } = await scrape()
  const gitlab = { provider: 'gitlab' }
  expect(value('keywell_refreshes_total', { ...gitlab, outcome: 'committed' })).toBe(1)
  expect(value('keywell_refresh_duration_seconds_sum', gitlab)).toBe(2)
  expect(value('keywell_work_late_seconds_bucket', { le: '5' })).toBe(0)
  expect(value('keywell_work_late_seconds_bucket', { le: '15' })).toBe(1)
  for (const [name, { type }] of families) {
    if (!name.startsWith('keywell_')) continue
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
  }
})

/** The registered metrics as `name{label,…}`. */
function registered(): string[] {
  const registry = createRegistry()
  createMetrics({ registry, catalogue: createCatalogue([gitlab]), now: () => 0 })
  addGauges(registry, {
    census: async () => counted,
    hosts: () => [],
    streams: () => 0,
    clockSkew: () => undefined,
  })
  // The types of the library leave the labels out.
  const metrics = registry.getMetricsAsArray() as unknown as {
    name: string
    labelNames: string[]
  }[]
  return metrics.map(({ name, labelNames }) => `${name}{${labelNames}}`)
}

const metricsPage = readFileSync(
  new URL('../../../../apps/docs/reference/metrics.md', import.meta.url),
  'utf8',
)

verifies('house:docs-metrics', () => {
  const rows = tableRows(sectionOf(metricsPage, 'Metrics')).slice(1)
  const described = rows.flatMap(([names = '', labels = '']) =>
    spansIn(names).map((name) => `${name}{${spansIn(labels)}}`),
  )
  expect(described.length).toBeGreaterThan(20)
  expect(listFaults(described, registered())).toEqual([])
  const known = registered().map((metric) => metric.replace(/\{.*/, ''))
  for (const [name] of sectionOf(metricsPage, 'Alarms').matchAll(/keywell_\w+/g)) {
    expect(known).toContain(name)
  }
})

test('a count is there as zero before it first happens', async () => {
  const { value } = await createParts().scrape()
  const labels = { provider: 'gitlab', reason: 'lost_rotation' }
  expect(value('keywell_connections_ended_total', labels)).toBe(0)
})

test('an unknown provider is `other`', async () => {
  const { metrics, scrape } = createParts()
  metrics.refresh('glpat-secret')('ambiguous')
  metrics.probed('glpat-secret', 'inactive')
  metrics.connectionEnded('glpat-secret', 'revoked')
  const { samples, value } = await scrape()
  expect(value('keywell_probes_total', { provider: 'other', result: 'inactive' })).toBe(1)
  expect(JSON.stringify(samples)).not.toContain('glpat-secret')
})

test('two engines in one process count apart', async () => {
  const [one, other] = [createParts(), createParts()]
  one.metrics.auditUnwritable()
  expect((await one.scrape()).value('keywell_audit_unwritable_total')).toBe(1)
  expect((await other.scrape()).value('keywell_audit_unwritable_total')).toBe(0)
})

verifies('T20:labels', async () => {
  const madeUp = Array.from({ length: 1_000 }, (_, index) => ({
    ...quiet,
    origin: `https://tenant-${index}.example`,
    waiting: 1,
  }))
  const ours = [
    { ...quiet, origin: 'https://gitlab.com', state: 'open', running: 3 } as const,
    { ...quiet, origin: 'https://git.corp' },
  ]
  const { samples, value } = await createParts([...madeUp, ...ours]).scrape()
  const hosts = new Set(samples.flatMap(({ labels }) => labels.host ?? []))
  expect([...hosts].sort()).toEqual(['git.corp', 'gitlab.com', 'other'])
  expect(value('keywell_hosts', { host: 'gitlab.com', state: 'open' })).toBe(1)
  expect(value('keywell_hosts', { host: 'gitlab.com', state: 'closed' })).toBe(0)
  expect(value('keywell_hosts', { host: 'other', state: 'closed' })).toBe(1_000)
  expect(value('keywell_host_calls_waiting', { host: 'other' })).toBe(1_000)
  expect(value('keywell_host_calls_running', { host: 'gitlab.com' })).toBe(3)

  // However many integrations the installation itself has.
  const many = { ...counted, hosts: madeUp.map(({ origin }) => origin) }
  const all = await createParts(madeUp, many).scrape()
  const named = new Set(all.samples.flatMap(({ labels }) => labels.host ?? []))
  expect(named.size).toBe(maxNamedHosts + 1)
})

test('a number that is not known is not exported', async () => {
  const known = await createParts().scrape()
  expect(known.value('keywell_work_due')).toBe(3)
  expect(known.value('keywell_clock_skew_seconds')).toBeUndefined()
  const labels = { provider: 'gitlab', status: 'active', health: 'ok' }
  expect(known.value('keywell_connections', labels)).toBe(7)

  const registry = createRegistry()
  let census: Census | undefined = counted
  const look = createScrape(registry, {
    census: async () => census,
    hosts: () => [],
    streams: () => 2,
    clockSkew: () => undefined,
  })
  expect(parseScrape((await look()).text).value('keywell_work_due')).toBe(3)
  census = undefined
  const unknown = parseScrape((await look()).text)
  expect(unknown.value('keywell_work_due')).toBeUndefined()
  expect(unknown.value('keywell_connections', labels)).toBeUndefined()
  expect(unknown.value('keywell_stream_clients')).toBe(2)
})

test('however many look, the database is asked once in ten seconds, and less when it is slow', async () => {
  const timers = new ManualTimers()
  let asked = 0
  let takesMs = 0
  const census = createCensus({
    now: timers.now,
    sleep: () => new Promise(() => {}),
    async take() {
      asked += 1
      timers.advance(takesMs)
      return counted
    },
  })
  await Promise.all(Array.from({ length: 100 }, census))
  timers.advance(9_999)
  await census()
  expect(asked).toBe(1)
  timers.advance(1)
  takesMs = 1_000
  await census()
  expect(asked).toBe(2)
  timers.advance(48_999)
  await census()
  expect(asked).toBe(2)
  timers.advance(1)
  await census()
  expect(asked).toBe(3)
})

test('a count that takes too long is not waited for, and the next look has it', async () => {
  const waiting: ((census: Census) => void)[] = []
  const census = createCensus({
    now: () => 0,
    sleep: async () => {},
    take: () => new Promise((resolve) => waiting.push(resolve)),
  })
  expect(await census()).toBeUndefined()
  for (const finish of waiting) finish(counted)
  await new Promise(setImmediate)
  expect(await census()).toBe(counted)
})

verifies('R7:clock-skew', async () => {
  const timers = new ManualTimers()
  const alarms: object[] = []
  let ahead = 0
  let roundTripMs = 0
  let away = false
  let wallMs = 0
  const clock = createClockSkew({
    now: () => wallMs,
    after: timers.after,
    logger: { error: (fields) => alarms.push(fields) },
    async databaseNow() {
      if (away) throw new Error('away')
      wallMs += roundTripMs / 2
      const there = wallMs - ahead
      wallMs += roundTripMs / 2
      return there
    },
  })
  const minuteLater = async () => {
    timers.advance(60_000)
    await new Promise(setImmediate)
  }
  expect(clock.seconds).toBeUndefined()
  clock.start()
  await new Promise(setImmediate)
  expect(clock.seconds).toBe(0)
  for (const skew of [4_900, -4_900]) {
    ahead = skew
    await minuteLater()
    expect(clock.seconds).toBe(skew / 1000)
  }
  expect(alarms).toEqual([])
  for (const skew of [5_100, -5_100]) {
    ahead = skew
    await minuteLater()
    expect(alarms.pop()).toEqual({ alarm: 'clock_skew', skewMs: skew })
  }
  // The database took four seconds to answer: its clock is not known any better than that.
  roundTripMs = 4_000
  await minuteLater()
  expect(alarms).toEqual([])
  roundTripMs = 0
  away = true
  await minuteLater()
  expect(clock.seconds).toBe(-5.1)
  away = false
  ahead = 60_000
  await minuteLater()
  expect(alarms).toHaveLength(1)
  await clock.stop()
  expect(timers.pending).toBe(0)
})
