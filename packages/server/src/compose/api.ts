import { type ApiKeys, createApiKeys } from '../auth/api-keys.ts'
import { createConnectTokens } from '../auth/connect-token.ts'
import { createKeyStreams } from '../auth/key-streams.ts'
import { createRateLimits, defaultRateLimits } from '../auth/rate-limits.ts'
import { readAppOrigins } from '../connect/app-origins.ts'
import { createCallback } from '../connect/callback.ts'
import { createConfirm } from '../connect/confirm.ts'
import { connectPepperLabel, createConnectMacs } from '../connect/connect-macs.ts'
import { createCreateConnection } from '../connect/create-connection.ts'
import { createEndFlow } from '../connect/end-flow.ts'
import { createFlowWatch } from '../connect/flow-watch.ts'
import { createFlows } from '../connect/flows.ts'
import { createOneTimeCodes } from '../connect/one-time-code.ts'
import { createSessions } from '../connect/sessions.ts'
import { createStoreConnection } from '../connect/store-connection.ts'
import { createReadCredential } from '../credentials/read.ts'
import { createPeppers } from '../encryption-keys/peppers.ts'
import { createApp } from '../http/app.ts'
import { createCallMacs, idempotencyPepperLabel } from '../http/idempotency.ts'
import { createRefusedCalls } from '../http/refused-calls.ts'
import { createStreamPlaces, defaultStreamLimits } from '../http/stream-places.ts'
import type { KeywellOptions } from '../options.ts'
import { installation } from '../store/scope.ts'
import { createExportTenant } from '../tenants/export.ts'
import { createTenantPolicies } from '../tenants/policy.ts'
import type { Background } from './background.ts'
import type { Platform } from './platform.ts'
import type { Telemetry } from './telemetry.ts'

/** What answers requests. */
export interface Api {
  app: ReturnType<typeof createApp>
  apiKeys: ApiKeys
  start(): Promise<void>
  /** Takes up what hangs on the installation's key. */
  takeUpKey(): Promise<void>
  close(): Promise<void>
}

export function createApi(
  platform: Platform,
  background: Background,
  { scrape }: Telemetry,
  options: KeywellOptions,
): Api {
  const { database, vault, makeId, publicUrl, monotonic } = platform
  const { role = 'all', connectUrl } = options
  const { audit, reader: auditReader, heads } = background.log
  const parts = { ...platform, ...background, audit }
  const byChance = { ...parts, random: platform.chance }

  const apiKeys = createApiKeys(parts)
  const keyStreams = createKeyStreams({ ...platform, keys: apiKeys, now: monotonic })
  const tokens = createConnectTokens({ ...platform, issuer: publicUrl })
  const appOrigins = readAppOrigins(options.appOrigins)
  const peppers = createPeppers(vault, connectPepperLabel, createConnectMacs)
  const callPeppers = createPeppers(vault, idempotencyPepperLabel, createCallMacs)
  const sessions = createSessions({ ...parts, tokens, peppers, appOrigins })
  const storeConnection = createStoreConnection({ ...parts, jitter: platform.chance })
  const codes = createOneTimeCodes({ ...parts, peppers })
  const endFlow = createEndFlow(parts)
  const connecting = { ...parts, sessions, codes, storeConnection, endFlow }
  const flows = createFlows(connecting)
  const flowWatch = createFlowWatch({ ...platform, look: flows.look })
  const app = createApp({
    ...background,
    ...platform,
    makeRequestId: () => makeId('request'),
    apiKeys,
    callPeppers,
    keyStreams,
    rateLimits: createRateLimits({
      limits: { ...defaultRateLimits, ...options.rateLimits },
      now: monotonic,
    }),
    refusedCalls: createRefusedCalls(background.log.refusals),
    sessions,
    flows,
    flowWatch,
    streamPlaces: createStreamPlaces({ ...defaultStreamLimits, ...options.streamLimits }),
    callback: createCallback(connecting),
    confirm: createConfirm(connecting),
    readCredential: createReadCredential({ ...byChance, connectUrl }),
    createConnection: createCreateConnection(connecting),
    auditReader,
    heads,
    exportTenant: createExportTenant(parts),
    tenantPolicies: createTenantPolicies(parts),
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

  async function takeUpKey(): Promise<void> {
    await Promise.all([apiKeys.start(), peppers.load(), callPeppers.load()])
  }

  return {
    app,
    apiKeys,
    takeUpKey,
    async start() {
      await takeUpKey()
      await tokens.start()
      await flowWatch.start()
      await keyStreams.start()
    },
    async close() {
      await Promise.all([flowWatch.stop(), keyStreams.stop()])
    },
  }
}
