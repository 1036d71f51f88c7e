import { layGround } from './compose/ground.ts'
import { composeKeeping } from './compose/keeping.ts'
import { composeMeasuring } from './compose/measuring.ts'
import { composeServing } from './compose/serving.ts'
import { createOperatorKeys } from './http/operator-keys.ts'
import { createKeyWatch } from './keys/key-watch.ts'
import { createKeyOperations, defaultKeyWaits } from './keys/operations.ts'
import type { KeywellOptions, KeywellService } from './options.ts'
import { migrate } from './store/migrate.ts'
import { createOperatorTenants } from './tenants/operator-tenants.ts'

/** Builds every part, once. What is put together here and in `compose/` knows all parts; no part knows it. */
export function createKeywell(options: KeywellOptions): KeywellService {
  const { keys, role = 'all' } = options
  const ground = layGround(options)
  const keeping = composeKeeping(ground, options)
  const measuring = composeMeasuring(ground, keeping)
  const serving = composeServing(ground, keeping, measuring, options)
  const { database, vault } = ground
  const { log, replicas, tenants } = keeping
  const { app, apiKeys } = serving
  const keyWatch = createKeyWatch({
    ...ground,
    keys,
    reloaded: replicas.beat,
    installKeyChanged: async () => {
      await Promise.all([log.keys.load(), serving.takeUpKey()])
    },
  })

  return {
    fetch: async (request, from = {}) => app.fetch(request, from),
    metrics: measuring.scrape,

    async start() {
      await migrate(database)
      await vault.start()
      await keeping.start()
      await serving.start()
      await keyWatch.start()
      // Whoever is counted among the replicas hears of keys.
      await replicas.start()
      measuring.clockSkew.start()
      if (role !== 'serve') keeping.work()
    },

    async stop() {
      // First everything that begins work, then whatever is under way, then what they need.
      await keeping.rest()
      await Promise.all([replicas.stop(), measuring.clockSkew.stop(), keyWatch.stop()])
      await serving.close()
      await keeping.close()
      vault.close()
      await database.close()
    },

    apiKeys: createOperatorKeys(apiKeys),
    keys: createKeyOperations({
      ...ground,
      keys,
      audit: log.audit,
      auditKeys: log.keys,
      auditDays: log.days,
      waits: { ...defaultKeyWaits, ...options.keyWaits },
      migrate: () => migrate(database),
    }),
    tenants: createOperatorTenants(tenants),
    audit: { verify: log.verify },
  }
}
