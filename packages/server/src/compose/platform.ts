import * as crypto from 'node:crypto'
import type { ProviderDefinition } from '@keywell/protocol'
import { providers, tokenMarksOf } from '@keywell/providers'
import { trace } from '@opentelemetry/api'
import { createCatalogue, type OpenCatalogue } from '../catalogue.ts'
import { type After, after, type Jitter, type Sleep, sleep } from '../clock.ts'
import { createIds, type MakeId } from '../ids.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { createMetrics } from '../metrics/counters.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { createRegistry } from '../metrics/scrape.ts'
import { createTracing, type Tracing } from '../metrics/tracing.ts'
import type { KeywellOptions } from '../options.ts'
import { defaultTiming, type Timing } from '../refresh/timing.ts'
import { scrubbed } from '../scrub.ts'
import { countUnavailable } from '../store/counted.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import {
  findTenantKey,
  hasSealedRecords,
  insertFirstTenantKey,
  listKekIds,
} from '../store/tenant-keys.ts'
import { createVault, type Vault } from '../vault/vault.ts'

/** What every part of the service is built on. */
export interface Platform {
  /** The service as browsers see it: an origin. */
  publicUrl: string
  catalogue: OpenCatalogue
  database: Database
  vault: Vault
  logger: Logger
  registry: ReturnType<typeof createRegistry>
  metrics: Metrics
  tracing: Tracing
  makeId: MakeId
  /** Cryptographic randomness. */
  randomBytes: (bytes: number) => Uint8Array
  jitter: Jitter
  /** Milliseconds since 1970. */
  now: () => number
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
  sleep: Sleep
  after: After
  timing: Timing
  /** Names this process in leases, and among the replicas. */
  processId: string
}

/** The operator's own definitions, and those of the catalogue whose names they leave. */
function withOwn(own: readonly ProviderDefinition[]): ProviderDefinition[] {
  const names = new Set(own.map(({ name }) => name))
  return [...providers.filter(({ name }) => !names.has(name)), ...own]
}

export function createPlatform(options: KeywellOptions): Platform {
  const publicUrl = checkPublicUrl(options.publicUrl)
  const catalogue = createCatalogue(withOwn(options.providers ?? []))
  const logger = scrubbed(options.logger ?? silentLogger, () => tokenMarksOf(catalogue.all))
  const now = options.now ?? Date.now
  const randomBytes = options.randomBytes ?? ((bytes: number) => crypto.randomBytes(bytes))
  const monotonic = () => performance.now()
  const registry = createRegistry()
  const metrics = createMetrics({ registry, catalogue, now: monotonic })
  const database = countUnavailable(options.database, metrics.databaseUnavailable)
  return {
    publicUrl,
    catalogue,
    database,
    vault: openVault({ options, randomBytes, database, metrics, logger }),
    logger,
    registry,
    metrics,
    tracing: createTracing(trace.getTracer('@keywell/server')),
    makeId: createIds({ randomBytes, now }),
    randomBytes,
    jitter: () => new DataView(Uint8Array.from(randomBytes(4)).buffer).getUint32(0) / 2 ** 32,
    now,
    monotonic,
    sleep,
    after,
    timing: timingOf(options),
    processId: crypto.randomUUID(),
  }
}

/** @throws TypeError when connections would be dormant as soon as they were read */
function timingOf({ dormantAfterDays = 7, timing }: KeywellOptions): Timing {
  if (!(dormantAfterDays >= 1)) {
    throw new TypeError(`A connection is dormant after 1 day or more, not ${dormantAfterDays}.`)
  }
  return { ...defaultTiming, dormantAfterMs: dormantAfterDays * 24 * 60 * 60_000, ...timing }
}

function openVault(parts: {
  options: Pick<KeywellOptions, 'keys'>
  randomBytes: (bytes: number) => Uint8Array
  database: Database
  metrics: Metrics
  logger: Logger
}): Vault {
  const { database, metrics, logger } = parts
  return createVault({
    keys: parts.options.keys,
    randomBytes: parts.randomBytes,
    begun: metrics.vaultUsed,
    refused: ({ reason, keyState }, { tenantId, recordId }) => {
      metrics.vaultRefused(keyState ?? reason)
      if (keyState !== 'disabled') return
      logger.error({ alarm: 'disabled_key', tenantId, recordId }, 'disabled key needed')
    },
    store: {
      find: (tenantId, version) => findTenantKey(database.of(tenantId), tenantId, version),
      insertFirst: (row) => insertFirstTenantKey(database.of(row.tenantId), row),
      kekIds: () => listKekIds(database.of(everyTenant)),
      hasSealedRecords: () => hasSealedRecords(database.of(everyTenant)),
    },
  })
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
