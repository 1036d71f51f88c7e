import type { AuditLog } from '../audit/audit-log.ts'
import type { ChangeFeed } from '../changes/feed.ts'
import type { Webhooks } from '../changes/webhooks/endpoints.ts'
import type { DeviceGrants } from '../connect/device-grants.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { Health } from '../health/health.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Suspension } from '../oauth/suspension.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { KeywellOptions } from '../options.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Incidents } from '../refresh/incidents.ts'
import type { Refresher } from '../refresh/refresh.ts'
import { createReplicas, type Replicas } from '../refresh/replicas.ts'
import type { Tenants } from '../tenants/erase.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { createDeviceWork, type DeviceWork } from './device-work.ts'
import type { Platform } from './platform.ts'
import { createRefreshing, type Refreshing } from './refreshing.ts'
import { createRemoval, type Removal } from './removal.ts'
import { createShared, type Shared } from './shared.ts'
import { createSweeper } from './sweep.ts'

/** What keeps connections alive, and delivers their changes. */
export interface Background extends Lifecycle {
  log: AuditLog
  outbound: Outbound
  integrations: Integrations
  box: TokenBox
  incidents: Incidents
  refresher: Refresher
  health: Health
  disconnector: Disconnector
  suspension: Suspension
  grants: DeviceGrants
  tenants: Tenants
  feed: ChangeFeed
  webhooks: Webhooks
  replicas: Replicas
  definitions: Shared['definitions']
}

interface Lifecycle {
  /** Loads its keys and listens for changes; before `work`. */
  start(): Promise<void>
  /** Starts the loops that look for due work. */
  work(): void
  /** Begins nothing more, and waits for what is under way. Reads are still served. */
  rest(): Promise<void>
  /** Closes what `start` opened. */
  close(): Promise<void>
}

export function createBackground(platform: Platform, options: KeywellOptions): Background {
  const { database, logger, after, processId } = platform
  const { faultPoint = () => {}, auditRefreshes = false } = options
  const shared = createShared(platform, options)
  const { log, outbound, toReceivers, integrations, box } = shared
  const refreshing = createRefreshing(platform, shared, { faultPoint, auditRefreshes })
  const removal = createRemoval(platform, shared)
  const delivery = createDelivery(platform, shared, faultPoint)
  const device = createDeviceWork(platform, shared, removal)
  const replicas = createReplicas({
    database,
    hosts: [outbound.hosts, toReceivers.hosts],
    logger,
    after,
    processId,
    rootKeyIds: () => options.keys.ids,
  })
  const lifecycle = createLifecycle(platform, options, {
    shared,
    refreshing,
    removal,
    delivery,
    device,
  })
  return {
    log,
    outbound,
    integrations,
    box,
    incidents: refreshing.incidents,
    refresher: refreshing.refresher,
    health: refreshing.health,
    disconnector: removal.disconnector,
    suspension: shared.suspension,
    grants: device.grants,
    tenants: removal.tenants,
    feed: delivery.feed,
    webhooks: delivery.webhooks,
    replicas,
    definitions: shared.definitions,
    start: lifecycle.start,
    work: lifecycle.work,
    rest: lifecycle.rest,
    close: lifecycle.close,
  }
}

function createLifecycle(
  platform: Platform,
  { egressProxy }: KeywellOptions,
  rooms: {
    shared: Shared
    refreshing: Refreshing
    removal: Removal
    delivery: Delivery
    device: DeviceWork
  },
): Lifecycle {
  const { log, headKey, audit, outbound, toReceivers, definitions } = rooms.shared
  const { refresher, worker } = rooms.refreshing
  const { disconnector, tenants } = rooms.removal
  const { feed, webhookWorker } = rooms.delivery
  const { poller } = rooms.device
  const sweeper = createSweeper(platform, {
    audit: log.audit,
    disconnector,
    tenants,
    webhookWorker,
  })
  return {
    async start() {
      if (egressProxy !== undefined) {
        platform.logger.info({ origin: egressProxy.origin }, 'egress proxy in use')
      }
      await log.keys.load()
      await headKey.start()
      await feed.start()
      feed.onChange(webhookWorker.wake)
      feed.onChange(definitions.followed.changed)
      await definitions.peppers.load()
      await definitions.followed.start()
      await definitions.versions.recordGiven()
      platform.catalogue.onChange(() => void recordGiven(platform, definitions))
    },

    work() {
      for (const each of [worker, webhookWorker, log.worker, sweeper, poller]) each.start()
    },

    async rest() {
      tenants.stop()
      await Promise.all([
        worker.stop(),
        webhookWorker.stop(),
        sweeper.stop(),
        poller.stop(),
        refresher.drain(),
        disconnector.drain(),
      ])
    },

    async close() {
      await feed.stop()
      await definitions.followed.stop()
      log.refusals.close()
      await audit.close()
      await log.worker.stop()
      await Promise.all([outbound.close(), toReceivers.close()])
    },
  }
}

/** What a file brings is found later as what something was stored under. A failure is made good at the next start. */
async function recordGiven(
  { logger }: Platform,
  { versions }: Shared['definitions'],
): Promise<void> {
  await versions.recordGiven().catch((error: unknown) => {
    logger.warn({ reason: String(error) }, 'provider definitions not recorded')
  })
}
