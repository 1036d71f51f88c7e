import { randomBytes, randomUUID } from 'node:crypto'
import type { Change, HostLimits } from '@keywell/protocol'
import { providers } from '@keywell/providers'
import { trace } from '@opentelemetry/api'
import { createAudit } from './audit/audit.ts'
import { createAuditKeys } from './audit/audit-keys.ts'
import { createChainer } from './audit/chainer.ts'
import { createHeads } from './audit/heads.ts'
import { createAuditRetention, defaultAuditDays } from './audit/retention.ts'
import { createAuditReader } from './audit/search.ts'
import {
  type AuditReport,
  createAuditVerifier,
  type VerifyOptions as VerifyAudit,
} from './audit/verify.ts'
import { createAuditWorker } from './audit/worker.ts'
import { createChangeFeed } from './changes/feed.ts'
import { type ChangeSigner, createChangeSigner } from './changes/signer.ts'
import { createSigningKey } from './changes/signing-key.ts'
import { createWebhooks } from './changes/webhooks/endpoints.ts'
import { createSigningSecrets } from './changes/webhooks/signing-secrets.ts'
import { createWebhookWorker } from './changes/webhooks/worker.ts'
import { createCallback } from './connect/callback.ts'
import { createConfirm } from './connect/confirm.ts'
import { createConnectTokens } from './connect/connect-token.ts'
import { createCreateConnection } from './connect/create-connection.ts'
import { createFlowHints } from './connect/flow-hints.ts'
import { createFlows } from './connect/flows.ts'
import { createSessions } from './connect/sessions.ts'
import { createStoreConnection } from './connect/store-connection.ts'
import { createDisconnector } from './credentials/disconnect.ts'
import { createReadCredential } from './credentials/read.ts'
import { createTokenBox } from './credentials/token-box.ts'
import { createHealth } from './health/health.ts'
import { createApiKeys } from './http/api-keys.ts'
import { createApp } from './http/app.ts'
import type { From } from './http/context.ts'
import { createDoor, type DoorLimits, defaultDoorLimits } from './http/door.ts'
import { createOperatorKeys, type OperatorKeys } from './http/operator-keys.ts'
import { createIds } from './ids.ts'
import { createKeyWatch } from './keys/key-watch.ts'
import {
  createKeyOperations,
  defaultKeyWaits,
  type KeyOperations,
  type KeyWaits,
} from './keys/operations.ts'
import { type Logger, silentLogger } from './logger.ts'
import { type Census, createCensus } from './metrics/census.ts'
import { createClockSkew } from './metrics/clock-skew.ts'
import { createMetrics } from './metrics/counters.ts'
import { maxNamedHosts } from './metrics/host-labels.ts'
import { createRegistry, createScrape, type Scrape } from './metrics/scrape.ts'
import { createTracing } from './metrics/tracing.ts'
import { createIntegrations } from './oauth/integrations.ts'
import { createOutbound, type EgressProxy, type PrivateHost } from './outbound/outbound.ts'
import type { FaultPoint } from './refresh/fault-point.ts'
import { createRefresher } from './refresh/refresh.ts'
import { createReplicas } from './refresh/replicas.ts'
import { defaultTiming, type Timing } from './refresh/timing.ts'
import { createWorker } from './refresh/worker.ts'
import { scrubbed } from './scrub.ts'
import { countConnections, countWaitingWork, listInstallHosts, readClock } from './store/census.ts'
import { countUnavailable } from './store/counted.ts'
import type { Database } from './store/database.ts'
import { migrate } from './store/migrate.ts'
import { deleteOldCodes } from './store/one-time-codes.ts'
import { deleteOldOrphans } from './store/orphans.ts'
import { giveUpOldRevocations } from './store/revocations.ts'
import { everyTenant, installation } from './store/scope.ts'
import {
  findTenantKey,
  hasSealedRecords,
  insertFirstTenantKey,
  listKekIds,
} from './store/tenant-keys.ts'
import { createTenants } from './tenants/erase.ts'
import { createExportTenant } from './tenants/export.ts'
import { createOperatorTenants, type OperatorTenants } from './tenants/operator-tenants.ts'
import { after, createLoop, sleep } from './timers.ts'
import type { KeyProvider } from './vault/key-provider.ts'
import { createVault } from './vault/vault.ts'

export interface KeywellOptions {
  /** Open; see `openPostgres` and `openPglite`. `stop` closes it. */
  database: Database
  /** Root keys; see `fileKeys`, `descriptorKeys` and `environmentKeys`. No key, no start. */
  keys: KeyProvider
  /**
   * Base URL of the service as browsers see it. `https:`, except for loopback in development, where
   * the flow's cookie goes without `__Host-` and `Secure`.
   */
  publicUrl: string
  /** A page of the app where its user can connect; answered with `not_connected` and `needs_reauth`. */
  connectUrl?: string | undefined
  /** The operator's list of hosts that may be reached although they are private; see `PrivateHost`. */
  privateHosts?: readonly PrivateHost[]
  /**
   * An HTTP proxy that every call takes but those to private hosts, which are reached directly. It looks
   * names up, so it has to keep them from addresses that are not public. Default: none.
   */
  egressProxy?: EgressProxy | undefined
  /**
   * How much a host is asked of at most, by origin (`https://gitlab.corp`), all replicas together. In
   * place of what its provider's data says, else of 20 calls per second (1,000 for a private host).
   */
  limits?: Readonly<Record<string, HostLimits>>
  /** How often one key, one address and one guesser may call this process; see `defaultDoorLimits`. */
  doorLimits?: Partial<DoorLimits>
  /**
   * `serve`: HTTP alone. `worker`: keeps connections alive and tells webhooks; of HTTP it answers
   * `/livez`, `/readyz` and `/metrics`, and nothing else. Default `all`.
   */
  role?: 'all' | 'serve' | 'worker'
  /** Times of the refresh engine that differ from the defaults; for tests. */
  timing?: Partial<Timing>
  /** How long replaced keys rest that differ from the defaults; for tests. */
  keyWaits?: Partial<KeyWaits>
  /** Where a test may stand in the way of a refresh. */
  faultPoint?: FaultPoint
  /** How many days the audit log is kept; 2 or more. Default 90. */
  auditDays?: number | undefined
  logger?: Logger
  /** Milliseconds since 1970; names ids, decides nothing. */
  now?: () => number
  /** Cryptographic randomness. */
  random?: (bytes: number) => Uint8Array
}

export interface KeywellService {
  /** Answers any request to the service. */
  fetch(request: Request, from?: From): Promise<Response>
  /**
   * What is measured, in the text format of Prometheus, without asking who looks: for a page that
   * only the operator reaches. `fetch` answers the same at `/metrics`, to whoever has an API key.
   */
  metrics(): Promise<Scrape>
  /** Migrates the database, checks the keys, and begins to listen for changes. */
  start(): Promise<void>
  /** Finishes what is under way and closes what `start` opened, the database included. */
  stop(): Promise<void>
  apiKeys: OperatorKeys
  /** Replaces keys and looks after them; works before `start`, which a missing key may refuse. */
  keys: KeyOperations
  /** Ends a tenant; after `start`. */
  tenants: OperatorTenants
  audit: {
    /** Proves that the log is as it was written; see `AuditReport`. Works beside a running service. */
    verify(options?: VerifyAudit): Promise<AuditReport>
  }
}

/** Builds every part, once. The only file that knows them all. */
export function createKeywell(options: KeywellOptions): KeywellService {
  const { keys } = options
  const publicUrl = checkPublicUrl(options.publicUrl)
  const logger = scrubbed(options.logger ?? silentLogger)
  const now = options.now ?? Date.now
  const random = options.random ?? ((bytes: number) => randomBytes(bytes))
  const chance = () => new DataView(Uint8Array.from(random(4)).buffer).getUint32(0) / 2 ** 32
  const makeId = createIds({ random, now })
  const { role = 'all', faultPoint = () => {}, auditDays = defaultAuditDays } = options
  const timing = { ...defaultTiming, ...options.timing }
  /** Names this process in leases, and among the replicas. */
  const processId = randomUUID()
  const monotonic = () => performance.now()

  const registry = createRegistry()
  const providerNames = providers.map((provider) => provider.name)
  const metrics = createMetrics({ registry, providers: providerNames, now: monotonic })
  const tracing = createTracing(trace.getTracer('@keywell/server'))
  const database = countUnavailable(options.database, metrics.databaseUnavailable)
  const vault = createVault({
    keys,
    random,
    begun: metrics.vaultUsed,
    refused: ({ reason, keyState }, { tenantId, recordId }) => {
      metrics.vaultRefused(keyState ?? reason)
      if (keyState !== 'disabled') return
      logger.error({ alarm: 'disabled_key', tenantId, recordId }, 'a disabled key is still needed')
    },
    store: {
      find: (tenantId, version) => findTenantKey(database.of(tenantId), tenantId, version),
      insertFirst: (row) => insertFirstTenantKey(database.of(row.tenantId), row),
      kekIds: () => listKekIds(database.of(everyTenant)),
      hasSealedRecords: () => hasSealedRecords(database.of(everyTenant)),
    },
  })
  const { privateHosts = [], egressProxy } = options
  const leaving = { allow: privateHosts, egressProxy, tracing }
  const outbound = createOutbound({ ...leaving, providers, limits: options.limits })
  const auditKeys = createAuditKeys(vault)
  const audit = createAudit({
    database,
    keys: auditKeys,
    makeId: () => makeId('auditEntry'),
    metrics,
  })
  const headKey = createSigningKey({ database, vault, name: 'audit-heads' })
  const heads = createHeads({ database, key: headKey, issuer: publicUrl, logger })
  const auditWorker = createAuditWorker({
    chainer: createChainer({ database, keys: auditKeys }),
    heads,
    retention: createAuditRetention({
      database,
      keys: auditKeys,
      days: auditDays,
    }),
    logger,
    after,
  })
  const signer = createChangeSigner({ database, vault, issuer: publicUrl })
  const feed = createChangeFeed({
    database,
    signer: beforePush(signer, faultPoint),
    logger,
    metrics,
  })
  const flowHints = createFlowHints(database)
  const box = createTokenBox({ vault, logger })
  const integrations = createIntegrations({ database, vault, outbound, audit, publicUrl, makeId })
  const refresher = createRefresher({
    database,
    box,
    integrations,
    outbound,
    audit,
    logger,
    metrics,
    tracing,
    random: chance,
    sleep,
    after,
    timing,
    faultPoint,
    processId,
  })
  const health = createHealth({
    database,
    box,
    outbound,
    audit,
    logger,
    metrics,
    tracing,
    random: chance,
    timing,
  })
  const worker = createWorker({
    database,
    refresher,
    check: health.check,
    hosts: outbound.hosts,
    logger,
    metrics,
    after,
    timing,
    random: chance,
    processId,
  })
  const tokens = createConnectTokens({ database, vault, issuer: publicUrl })
  const sessions = createSessions({ database, tokens, integrations, audit, makeId, publicUrl })
  const flowParts = { database, vault, sessions, integrations, audit, random }
  const storeConnection = createStoreConnection({ database, box, audit, makeId, random: chance })
  const disconnector = createDisconnector({
    database,
    box,
    integrations,
    outbound,
    audit,
    logger,
    metrics,
    sleep,
  })
  const tenants = createTenants({ database, vault, audit, disconnector, logger, monotonic })
  const secrets = createSigningSecrets({ vault, random })
  // Gates of its own: receivers that fail must not hold back a provider on the same host.
  const webhookOutbound = createOutbound(leaving)
  const replicas = createReplicas({
    database,
    hosts: [outbound.hosts, webhookOutbound.hosts],
    logger,
    after,
    processId,
    rootKeyIds: () => keys.ids,
  })
  outbound.hosts.onHold(({ origin, state, retryAfterMs }) => {
    logger.warn({ origin, state, retryAfterMs }, 'nothing is sent to this host for now')
  })
  const webhookParts = { database, secrets, outbound: webhookOutbound, audit, metrics }
  const webhookWorker = createWebhookWorker({ ...webhookParts, logger, after, random: chance })
  const webhooks = createWebhooks({ ...webhookParts, makeId, wake: webhookWorker.wake })
  const apiKeys = createApiKeys({ database, vault, audit, logger, makeId, random })
  const keyWatch = createKeyWatch({
    database,
    keys,
    vault,
    reloaded: replicas.beat,
    installKeyChanged: async () => {
      await Promise.all([auditKeys.load(), apiKeys.start()])
    },
    logger,
    after,
  })
  const clockSkew = createClockSkew({
    databaseNow: () => readClock(database.of(installation)),
    now,
    after,
    logger,
  })
  const census = createCensus({ take: () => takeCensus(database), now: monotonic, sleep })
  const scrape = createScrape(registry, {
    census,
    hosts: outbound.hosts.snapshot,
    streams: () => feed.streams,
    clockSkew: () => clockSkew.seconds,
  })
  const app = createApp({
    publicUrl,
    logger,
    makeRequestId: () => makeId('request'),
    database,
    apiKeys,
    door: createDoor({ limits: { ...defaultDoorLimits, ...options.doorLimits }, now: monotonic }),
    sessions,
    flows: createFlows({ ...flowParts, makeId, publicUrl }),
    callback: createCallback(flowParts),
    confirm: createConfirm({ ...flowParts, outbound, storeConnection, tracing }),
    readCredential: createReadCredential({
      database,
      box,
      refresher,
      outbound,
      audit,
      metrics,
      tracing,
      connectUrl: options.connectUrl,
      sleep,
      random: chance,
      timing,
    }),
    createConnection: createCreateConnection({
      database,
      integrations,
      outbound,
      storeConnection,
      audit,
      metrics,
      tracing,
    }),
    disconnector,
    integrations,
    webhooks,
    feed,
    signer,
    auditReader: createAuditReader(database),
    heads,
    tenants,
    exportTenant: createExportTenant({ database, audit, tenants }),
    nextFlowHint: flowHints.next,
    tracing,
    scrape,
    role,
    isReady: async () => {
      const rows = await database
        .of(installation)
        .query('select 1 as one')
        .catch(() => [])
      return rows.length === 1
    },
  })
  async function sweep(): Promise<void> {
    await Promise.all([
      disconnector.sweep(),
      tenants.sweep(),
      deleteOldCodes(database.of(installation)),
      deleteOldOrphans(database.of(everyTenant)),
      giveUpOldRevocations(database.of(everyTenant)),
      webhookWorker.trim(),
    ]).catch((error: unknown) => {
      logger.warn({ reason: String(error) }, 'sweep failed')
    })
  }
  const sweeper = createLoop(sweep, timing.sweepMs, after)

  return {
    fetch: async (request, from = {}) => app.fetch(request, from),
    metrics: scrape,

    async start() {
      if (egressProxy !== undefined) {
        const { origin } = egressProxy
        logger.info(
          { origin },
          'calls leave by the egress proxy, which looks names up and has to keep them from addresses that are not public',
        )
      }
      await migrate(database)
      await vault.start()
      await auditKeys.load()
      await headKey.start()
      await apiKeys.start()
      await tokens.start()
      await flowHints.start()
      await signer.start()
      await feed.start()
      feed.onChange(webhookWorker.wake)
      await keyWatch.start()
      await replicas.start()
      clockSkew.start()
      if (role === 'serve') return
      worker.start()
      webhookWorker.start()
      auditWorker.start()
      sweeper.start()
    },

    async stop() {
      tenants.stop()
      // First everything that begins work, then whatever is under way, then what they need.
      await Promise.all([
        worker.stop(),
        webhookWorker.stop(),
        sweeper.stop(),
        refresher.drain(),
        disconnector.drain(),
      ])
      await Promise.all([replicas.stop(), clockSkew.stop(), keyWatch.stop()])
      await feed.stop()
      await flowHints.stop()
      await audit.close()
      await auditWorker.stop()
      await Promise.all([outbound.close(), webhookOutbound.close()])
      vault.close()
      await database.close()
    },

    apiKeys: createOperatorKeys(apiKeys),
    keys: createKeyOperations({
      database,
      keys,
      vault,
      audit,
      random,
      sleep,
      waits: { ...defaultKeyWaits, ...options.keyWaits },
      auditKeys,
      auditDays,
      migrate: () => migrate(database),
    }),
    tenants: createOperatorTenants(tenants),
    audit: {
      verify: createAuditVerifier({ database, keys: auditKeys, heads }),
    },
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

/** What is told is signed first. */
function beforePush(
  signer: Pick<ChangeSigner, 'sign'>,
  faultPoint: FaultPoint,
): Pick<ChangeSigner, 'sign'> {
  return {
    async sign(event) {
      // A change was made by ourselves, and it is parsed by whoever reads it.
      if (event.event === 'change') await faultPoint('before_push', event.change as Change)
      return signer.sign(event)
    },
  }
}

/** @throws TypeError when the URL would send secrets over plain http */
function checkPublicUrl(text: string): string {
  const url = new URL(text)
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw new TypeError(`publicUrl must be https: (or plain http on loopback), not ${text}`)
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`publicUrl must be an origin without a path, not ${text}`)
  }
  return url.origin
}
