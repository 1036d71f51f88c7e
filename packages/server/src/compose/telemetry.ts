import { type Census, createCensus } from '../metrics/census.ts'
import { type ClockSkew, createClockSkew } from '../metrics/clock-skew.ts'
import { maxNamedHosts } from '../metrics/host-labels.ts'
import { createScrape, type Scrape } from '../metrics/scrape.ts'
import { countConnections, countWaitingWork, listInstallHosts, readClock } from '../store/census.ts'
import type { Database } from '../store/database.ts'
import { everyTenant, installation } from '../store/scope.ts'
import type { Background } from './background.ts'
import type { Platform } from './platform.ts'

/** What is told to whoever watches. */
export interface Telemetry {
  scrape: () => Promise<Scrape>
  clockSkew: ClockSkew
}

export function createTelemetry(platform: Platform, { outbound, feed }: Background): Telemetry {
  const { database, registry, monotonic } = platform
  const databaseNow = () => readClock(database.of(installation))
  const clockSkew = createClockSkew({ ...platform, databaseNow })
  const census = createCensus({ ...platform, take: () => takeCensus(database), now: monotonic })
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

/** What a look at the metrics asks the database, over all tenants. */
async function takeCensus(database: Database): Promise<Census> {
  const [connections, waiting, hosts] = await Promise.all([
    countConnections(database.of(everyTenant)),
    countWaitingWork(database.of(everyTenant)),
    listInstallHosts(database.of(installation), maxNamedHosts),
  ])
  return { connections, ...waiting, hosts }
}
