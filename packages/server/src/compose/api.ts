import { type ApiKeys, createApiKeys } from '../auth/api-keys.ts'
import { type ConnectTokens, createConnectTokens } from '../auth/connect-token.ts'
import { KeyStreams } from '../auth/key-streams.ts'
import { createRateLimits, defaultRateLimits } from '../auth/rate-limits.ts'
import { type ConnectMacs, connectPepperLabel, createConnectMacs } from '../connect/connect-macs.ts'
import { createForceRefresh } from '../credentials/force-refresh.ts'
import { createInstallations } from '../credentials/installations.ts'
import { createReadCredential } from '../credentials/read.ts'
import { createRemoveIntegration } from '../credentials/remove-integration.ts'
import { createSearchConnections } from '../credentials/search-connections.ts'
import {
  createSearchMacs,
  type SearchMacs,
  searchPepperLabel,
} from '../credentials/search-cursor.ts'
import { createCustomProviders } from '../custom-providers/custom-providers.ts'
import { createPeppers, type Peppers } from '../encryption-keys/peppers.ts'
import { createApp } from '../http/app.ts'
import { toKeywellError } from '../http/failures.ts'
import { type CallMacs, createCallMacs, idempotencyPepperLabel } from '../http/idempotency.ts'
import { readAppearance } from '../http/pages/appearance.ts'
import { createRefusedCalls } from '../http/refused-calls.ts'
import {
  createStreamPlaces,
  defaultStreamLimits,
  type StreamPlaces,
} from '../http/stream-places.ts'
import { createMcpEndpoint, type McpEndpoint } from '../mcp/endpoint.ts'
import { createLastingCalls, type LastingCalls } from '../mcp/lasting-calls.ts'
import { createToolSubscriptions, type ToolSubscriptions } from '../mcp/subscriptions.ts'
import { createMcpTokens, type McpTokens } from '../mcp/tokens.ts'
import type { KeywellOptions } from '../options.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import { createExportTenant } from '../tenants/export.ts'
import { createTenantPolicies } from '../tenants/policy.ts'
import type { Background } from './background.ts'
import { type Connecting, createConnecting } from './connecting.ts'
import type { Platform } from './platform.ts'
import { createSending, type Sending } from './sending.ts'
import type { Telemetry } from './telemetry.ts'

/** What answers requests. */
export interface Api {
  app: ReturnType<typeof createApp>
  apiKeys: ApiKeys
  start(): Promise<void>
  /** Derives again what is derived from the installation's key. */
  takeUpKey(): Promise<void>
  close(): Promise<void>
}

export function createApi(
  platform: Platform,
  background: Background,
  telemetry: Telemetry,
  options: KeywellOptions,
): Api {
  const access = createAccess(platform, background)
  const { apiKeys, keyStreams, tokens, peppers, callPeppers, searchPeppers } = access
  const connecting = createConnecting(platform, background, access, options)
  const sending = createSending(platform, background, options, access)
  const { flowWatch } = connecting
  const streamPlaces = createStreamPlaces({ ...defaultStreamLimits, ...options.streamLimits })
  const mcp = createMcp({ platform, background, access, sending, streamPlaces })

  async function takeUpKey(): Promise<void> {
    await Promise.all([apiKeys.start(), peppers.load(), callPeppers.load(), searchPeppers.load()])
  }

  return {
    app: assembleApp(
      { platform, background, telemetry, access, connecting, sending, streamPlaces, mcp },
      options,
    ),
    apiKeys,
    takeUpKey,
    async start() {
      await takeUpKey()
      await Promise.all([tokens.start(), access.mcpTokens.start()])
      await flowWatch.start()
      await keyStreams.start()
    },
    async close() {
      mcp.subscriptions.close()
      mcp.calls.close()
      await Promise.all([flowWatch.stop(), keyStreams.stop()])
    },
  }
}

/** What identifies a caller. */
interface Access {
  apiKeys: ApiKeys
  keyStreams: KeyStreams
  tokens: ConnectTokens
  mcpTokens: McpTokens
  peppers: Peppers<ConnectMacs>
  callPeppers: Peppers<CallMacs>
  searchPeppers: Peppers<SearchMacs>
}

function createAccess(platform: Platform, { log: { audit } }: Background): Access {
  const { database, vault, logger, makeId, randomBytes, after, publicUrl, now } = platform
  const apiKeys = createApiKeys({ database, vault, audit, logger, makeId, randomBytes })
  return {
    apiKeys,
    keyStreams: new KeyStreams({
      database,
      keys: apiKeys,
      logger,
      after,
      now: platform.monotonic,
    }),
    tokens: createConnectTokens({ database, vault, logger, issuer: publicUrl }),
    mcpTokens: createMcpTokens({
      database,
      vault,
      logger,
      audit,
      apiKeys,
      makeId,
      publicUrl,
      now,
    }),
    peppers: createPeppers(vault, connectPepperLabel, createConnectMacs),
    callPeppers: createPeppers(vault, idempotencyPepperLabel, createCallMacs),
    searchPeppers: createPeppers(vault, searchPepperLabel, createSearchMacs),
  }
}

/** The endpoints of agents. */
interface Mcp {
  subscriptions: ToolSubscriptions
  calls: LastingCalls
  endpoint: McpEndpoint
}

function createMcp({
  platform: { catalogue, logger, after },
  background: { feed },
  access: { mcpTokens: tokens },
  sending: { toolService },
  streamPlaces,
}: Pick<Rooms, 'platform' | 'background' | 'access' | 'sending' | 'streamPlaces'>): Mcp {
  const subscriptions = createToolSubscriptions({
    feed,
    tokens,
    takePlace: streamPlaces.ofMcpToken,
    after,
    logger,
  })
  const calls = createLastingCalls({ after })
  const endpoint = createMcpEndpoint({
    toolService,
    catalogue,
    subscriptions,
    calls,
    toError: (error, requestId) => toKeywellError(error, logger, requestId),
  })
  return { subscriptions, calls, endpoint }
}

interface Rooms {
  platform: Platform
  background: Background
  telemetry: Telemetry
  access: Access
  connecting: Connecting
  sending: Sending
  streamPlaces: StreamPlaces
  mcp: Mcp
}

function assembleApp(rooms: Rooms, options: KeywellOptions): Api['app'] {
  const { platform, background, telemetry, access, connecting, sending } = rooms
  const { catalogue, database, logger, tracing, makeId, publicUrl, monotonic } = platform
  const { tenants, log } = background
  const { audit } = log
  return createApp({
    publicUrl,
    catalogue,
    logger,
    makeRequestId: () => makeId('request'),
    database,
    apiKeys: access.apiKeys,
    keyStreams: access.keyStreams,
    monotonic,
    callPeppers: access.callPeppers,
    rateLimits: createRateLimits({
      limits: { ...defaultRateLimits, ...options.rateLimits },
      now: monotonic,
    }),
    refusedCalls: createRefusedCalls(log.refusals),
    sessions: connecting.sessions,
    flows: connecting.flows,
    callback: connecting.callback,
    keyForms: connecting.keyForms,
    deviceForms: connecting.deviceForms,
    deviceFlows: connecting.deviceFlows,
    linkForms: connecting.linkForms,
    showDone: connecting.showDone,
    appearance: readAppearance(options.appearance),
    checkHost: connecting.checkHost,
    confirm: connecting.confirm,
    readCredential: createCredentialReads(platform, background, options),
    sendProviderRequest: sending.sendProviderRequest,
    toolService: sending.toolService,
    mcpTokens: access.mcpTokens,
    mcpEndpoint: rooms.mcp.endpoint,
    mcpAuthorizationServers: options.mcp?.authorizationServers ?? [],
    approvals: sending.approvals,
    approvalLinks: sending.approvalLinks,
    approvalPages: sending.approvalPages,
    approvalUrl: options.approvalUrl,
    searchPeppers: access.searchPeppers,
    createConnection: connecting.createConnection,
    searchConnections: createSearchConnections({
      catalogue,
      database,
      peppers: access.searchPeppers,
    }),
    forceRefresh: createForceRefresh({
      ...platform,
      refresher: background.refresher,
      audit,
      connectUrl: options.connectUrl,
    }),
    installations: createInstallations({
      catalogue,
      database,
      audit,
      box: background.box,
      outbound: background.outbound,
      integrations: background.integrations,
      disconnector: background.disconnector,
    }),
    disconnector: background.disconnector,
    integrations: background.integrations,
    customProviders: createCustomProviders({
      catalogue,
      database,
      outbound: background.outbound,
      audit,
      ...background.definitions,
    }),
    tryDefinition: connecting.tryDefinition,
    removeIntegration: createRemoveIntegration({
      catalogue,
      database,
      audit,
      disconnector: background.disconnector,
      publicUrl,
      monotonic,
    }),
    incidents: background.incidents,
    webhooks: background.webhooks,
    feed: background.feed,
    auditReader: log.reader,
    heads: log.heads,
    tenants,
    exportTenant: createExportTenant({ database, audit, tenants }),
    tenantPolicies: createTenantPolicies({ catalogue, database, audit }),
    tracing,
    scrape: telemetry.scrape,
    role: options.role ?? 'all',
    flowWatch: connecting.flowWatch,
    streamPlaces: rooms.streamPlaces,
    isReady: () => isReady(database),
  })
}

function createCredentialReads(
  platform: Platform,
  { box, refresher, health, log: { audit } }: Background,
  { connectUrl }: KeywellOptions,
) {
  const { catalogue, database, metrics, tracing, sleep, after } = platform
  const { monotonic, jitter, timing, processId } = platform
  return createReadCredential({
    catalogue,
    database,
    box,
    refresher,
    health,
    audit,
    metrics,
    tracing,
    connectUrl,
    sleep,
    after,
    monotonic,
    jitter,
    timing,
    processId,
  })
}

/** The database answers. */
async function isReady(database: Database): Promise<boolean> {
  const rows = await database
    .of(installation)
    .query('select 1 as one')
    .catch(() => [])
  return rows.length === 1
}
