import { providers } from '@keywell/providers'
import { type AuditLog, createAuditLog } from '../audit/audit-log.ts'
import { type ChangeFeed, createChangeFeed } from '../changes/feed.ts'
import { createWebhooks, type Webhooks } from '../changes/webhooks/endpoints.ts'
import { createSigningSecrets } from '../changes/webhooks/signing-secrets.ts'
import { createWebhookWorker } from '../changes/webhooks/worker.ts'
import { createLoop } from '../clock.ts'
import { createDisconnector, type Disconnector } from '../credentials/disconnect.ts'
import { createTokenBox } from '../credentials/token-box.ts'
import { createHealth, type Health } from '../health/health.ts'
import { createIntegrations, type Integrations } from '../oauth/integrations.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { KeywellOptions } from '../options.ts'
import { createOutbound, type Outbound } from '../outbound/outbound.ts'
import { createIncidentGuard } from '../refresh/incident-guard.ts'
import { createIncidents, type Incidents } from '../refresh/incidents.ts'
import { createRefresher, type Refresher } from '../refresh/refresh.ts'
import { createReplicas, type Replicas } from '../refresh/replicas.ts'
import { createWorker } from '../refresh/worker.ts'
import { createSigningKey } from '../signing/signing-key.ts'
import { deleteOldCalls } from '../store/idempotent-calls.ts'
import { deleteOldCodes } from '../store/one-time-codes.ts'
import { deleteOldOrphans } from '../store/orphans.ts'
import { deleteOldIncidents } from '../store/provider-incidents.ts'
import { giveUpOldRevocations } from '../store/revocations.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { createTenants, type Tenants } from '../tenants/erase.ts'
import type { Platform } from './platform.ts'

/** What keeps connections alive, and tells of them. */
export interface Background {
  log: AuditLog
  outbound: Outbound
  integrations: Integrations
  box: TokenBox
  incidents: Incidents
  refresher: Refresher
  health: Health
  disconnector: Disconnector
  tenants: Tenants
  feed: ChangeFeed
  webhooks: Webhooks
  replicas: Replicas
  /** Takes its keys up and listens; before `work`. */
  start(): Promise<void>
  /** Begins what is due, again and again. */
  work(): void
  /** Begins nothing more, and waits for what is under way. Reads are still served. */
  rest(): Promise<void>
  /** Gives back what `start` has taken. */
  close(): Promise<void>
}

export function createBackground(platform: Platform, options: KeywellOptions): Background {
  const { database, vault, logger, timing } = platform
  const { privateHosts = [], privateWebhookHosts = [], egressProxy } = options
  const { faultPoint = () => {} } = options
  const byChance = { ...platform, random: platform.chance }
  const leaving = { egressProxy, tracing: platform.tracing }
  const outbound = createOutbound({
    ...leaving,
    allow: privateHosts,
    elsewhere: privateWebhookHosts,
    providers,
    limits: options.limits,
  })
  outbound.hosts.onThrottled(({ origin, state, retryAfterMs }) => {
    logger.warn({ origin, state, retryAfterMs }, 'nothing is sent to this host for now')
  })

  const headKey = createSigningKey({ database, vault, logger, name: 'audit-heads' })
  const log = createAuditLog({ ...platform, headKey, auditDays: options.auditDays })
  const { audit } = log
  const integrations = createIntegrations({ ...platform, outbound, audit })
  const box = createTokenBox({ vault, logger })
  const incidentGuard = createIncidentGuard({ ...platform, audit })
  const incidents = createIncidents({ database, incidentGuard })
  const parts = { ...byChance, box, integrations, outbound, audit, incidentGuard, faultPoint }
  const refresher = createRefresher({ ...parts, auditRefreshes: options.auditRefreshes ?? false })
  const health = createHealth(parts)
  const worker = createWorker({
    ...byChance,
    refresher,
    check: health.check,
    hosts: outbound.hosts,
  })
  const disconnector = createDisconnector({ ...platform, box, integrations, outbound, audit })
  const tenants = createTenants({ ...platform, audit, disconnector })

  const feed = createChangeFeed({
    ...platform,
    beforePush: (change) => faultPoint('before_push', change),
  })
  // Host limiters of its own: receivers that fail must not hold back a provider on the same host. And a list of its
  // own: a tenant that may connect a private GitLab must not have messages posted to it.
  const toReceivers = createOutbound({
    ...leaving,
    allow: privateWebhookHosts,
    elsewhere: privateHosts,
  })
  const telling = {
    ...platform,
    secrets: createSigningSecrets(platform),
    outbound: toReceivers,
    audit,
  }
  const webhookWorker = createWebhookWorker({ ...telling, jitter: platform.chance })
  const webhooks = createWebhooks({ ...telling, wake: webhookWorker.wake })
  const replicas = createReplicas({
    ...platform,
    hosts: [outbound.hosts, toReceivers.hosts],
    rootKeyIds: () => options.keys.ids,
  })

  const sweeper = createLoop(sweep, timing.sweepMs, platform.after)
  async function sweep(): Promise<void> {
    await Promise.all([
      disconnector.sweep(),
      tenants.sweep(),
      deleteOldCodes(database.of(installation)),
      deleteOldOrphans(database.of(everyTenant)),
      deleteOldCalls(database.of(everyTenant)),
      giveUpOldRevocations(database.of(everyTenant)),
      deleteOldIncidents(database.of(everyTenant), timing.incidentConfirmMs),
      webhookWorker.trim(),
    ]).catch((error: unknown) => {
      logger.warn({ reason: String(error) }, 'sweep failed')
    })
  }

  return {
    log,
    outbound,
    integrations,
    box,
    incidents,
    refresher,
    health,
    disconnector,
    tenants,
    feed,
    webhooks,
    replicas,

    async start() {
      if (egressProxy !== undefined) {
        logger.info(
          { origin: egressProxy.origin },
          'calls leave by the egress proxy, which looks names up and has to keep them from addresses that are not public',
        )
      }
      await log.keys.load()
      await headKey.start()
      await feed.start()
      feed.onChange(webhookWorker.wake)
    },

    work() {
      for (const each of [worker, webhookWorker, log.worker, sweeper]) each.start()
    },

    async rest() {
      tenants.stop()
      await Promise.all([
        worker.stop(),
        webhookWorker.stop(),
        sweeper.stop(),
        refresher.drain(),
        disconnector.drain(),
      ])
    },

    async close() {
      await feed.stop()
      log.refusals.close()
      await audit.close()
      await log.worker.stop()
      await Promise.all([outbound.close(), toReceivers.close()])
    },
  }
}
