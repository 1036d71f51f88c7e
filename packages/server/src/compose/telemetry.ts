import { type Census, createCensus } from '../metrics/census.ts'
import { type ClockSkew, createClockSkew } from '../metrics/clock-skew.ts'
import { maxNamedHosts } from '../metrics/host-labels.ts'
import { createScrape, type Scrape } from '../metrics/scrape.ts'
import { countConnections, countWaitingWork, listInstallHosts, readClock } from '../store/census.ts'
import type { Database } from '../store/database.ts'
import { everyTenant, installation } from '../store/scope.ts'
import type { Background } from './background.ts'
import type { Platform } from './platform.ts'

/** What an operator measures. */
export interface Telemetry {
  scrape: () => Promise<Scrape>
  clockSkew: ClockSkew
}

export function createTelemetry(platform: Platform, { outbound, feed }: Background): Telemetry {
  const { database, registry, logger, now, monotonic, after, sleep } = platform
  const databaseNow = () => readClock(database.of(installation))
  const clockSkew = createClockSkew({ databaseNow, now, after, logger })
  const census = createCensus({ take: () => takeCensus(database), now: monotonic, sleep })
  return {
    clockSkew,
    scrape: createScrape(registry, {
      census,
      hosts: () => outbound.hosts.snapshot(),
      streams: () => feed.streams,
      clockSkew: () => clockSkew.seconds,
    }),
  }
}

/** What a scrape of the metrics asks the database, over all tenants. */
async function takeCensus(database: Database): Promise<Census> {
  const [connections, waiting, hosts] = await Promise.all([
    countConnections(database.of(everyTenant)),
    countWaitingWork(database.of(everyTenant)),
    listInstallHosts(database.of(installation), maxNamedHosts),
  ])
  return { connections, ...waiting, hosts }
}
