import { createOperatorKeys } from './auth/operator-keys.ts'
import { type Api, createApi } from './compose/api.ts'
import { type Background, createBackground } from './compose/background.ts'
import { createPlatform, type Platform } from './compose/platform.ts'
import { createTelemetry } from './compose/telemetry.ts'
import { renewMacs } from './custom-providers/renew-macs.ts'
import { createOperatorProviders } from './custom-providers/reseal.ts'
import { KeyWatch } from './encryption-keys/key-watch.ts'
import { createKeyOperations } from './encryption-keys/operations.ts'
import { defaultKeyWaits } from './encryption-keys/parts.ts'
import { createCalls } from './http/calls.ts'
import type { KeywellOptions, KeywellService } from './options.ts'
import { ProviderFolder } from './provider-files/provider-folder.ts'
import { createOperatorIncidents } from './refresh/operator-incidents.ts'
import { migrate } from './store/migrate.ts'
import { createOperatorTenants } from './tenants/operator-tenants.ts'

/** Builds every part, once. What is put together here and in `compose/` knows all parts; no part knows it. */
export function createKeywell(options: KeywellOptions): KeywellService {
  const { role = 'all' } = options
  const platform = createPlatform(options)
  const background = createBackground(platform, options)
  const telemetry = createTelemetry(platform, background)
  const api = createApi(platform, background, telemetry, options)
  const keyWatch = createKeyWatch(platform, background, api, options)
  const { database, vault } = platform
  const { log, replicas, tenants, incidents } = background
  const calls = createCalls()
  const { providersFolder: folder } = options
  const providerFolder =
    folder === undefined ? undefined : new ProviderFolder({ ...platform, folder })

  return {
    fetch: (request, from = {}) => calls.run(() => api.app.fetch(request, from)),
    metrics: telemetry.scrape,

    async start() {
      await providerFolder?.load()
      await migrate(database)
      await vault.start()
      await background.start()
      await api.start()
      await keyWatch.start()
      // A replica that is counted is notified of keys.
      await replicas.start()
      telemetry.clockSkew.start()
      await providerFolder?.watch()
      if (role !== 'serve') background.work()
    },

    async stop() {
      // First everything that begins work, then what is under way, then what they need.
      await Promise.all([calls.end(), background.rest()])
      await Promise.all([
        replicas.stop(),
        telemetry.clockSkew.stop(),
        keyWatch.stop(),
        providerFolder?.stop(),
      ])
      await api.close()
      await background.close()
      vault.close()
      await database.close()
    },

    apiKeys: createOperatorKeys(api.apiKeys),
    keys: operateKeys(platform, background, options),
    tenants: createOperatorTenants(tenants),
    incidents: createOperatorIncidents(incidents),
    providers: createOperatorProviders({
      ...platform,
      ...background,
      ...background.definitions,
      audit: log.audit,
    }),
    audit: { verify: log.verify },
  }
}

function createKeyWatch(
  { database, vault, logger, after }: Platform,
  { log, replicas, definitions }: Background,
  api: Api,
  { keys }: KeywellOptions,
): KeyWatch {
  return new KeyWatch({
    database,
    keys,
    vault,
    logger,
    after,
    reloaded: replicas.heartbeat,
    installKeyChanged: async () => {
      await Promise.all([log.keys.load(), api.takeUpKey(), definitions.peppers.load()])
      await renewMacs({ database, peppers: definitions.peppers })
    },
  })
}

function operateKeys(
  { database, vault, randomBytes, sleep }: Platform,
  { log }: Background,
  { keys, keyWaits }: KeywellOptions,
): KeywellService['keys'] {
  return createKeyOperations({
    database,
    keys,
    vault,
    randomBytes,
    sleep,
    audit: log.audit,
    auditKeys: log.keys,
    auditDays: log.days,
    waits: { ...defaultKeyWaits, ...keyWaits },
    migrate: () => migrate(database),
  })
}
