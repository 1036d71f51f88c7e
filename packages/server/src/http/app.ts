import { KeywellError, type RequestId, routes } from '@keywell/protocol'
import { Hono, type MiddlewareHandler, type NotFoundHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Heads } from '../audit/heads.ts'
import type { AuditReader } from '../audit/search.ts'
import type { ApiKeys } from '../auth/api-keys.ts'
import type { KeyStreams } from '../auth/key-streams.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { Catalogue } from '../catalogue.ts'
import type { ChangeFeed } from '../changes/feed.ts'
import type { Webhooks } from '../changes/webhooks/endpoints.ts'
import type { createCallback } from '../connect/callback.ts'
import type { CheckHost } from '../connect/check-host.ts'
import type { createConfirm } from '../connect/confirm.ts'
import type { CreateConnection } from '../connect/create-connection.ts'
import type { DeviceFlows } from '../connect/device-flows.ts'
import type { DeviceForms } from '../connect/device-form.ts'
import type { ShowDone } from '../connect/done-page.ts'
import type { FlowWatch } from '../connect/flow-watch.ts'
import type { Flows } from '../connect/flows.ts'
import type { KeyForms } from '../connect/key-form.ts'
import type { LinkForms } from '../connect/link-form.ts'
import type { Sessions } from '../connect/sessions.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { ForceRefresh } from '../credentials/force-refresh.ts'
import type { Installations } from '../credentials/installations.ts'
import type { SendProviderRequest } from '../credentials/provider-requests.ts'
import type { ReadCredentials } from '../credentials/read.ts'
import type { RemoveIntegration } from '../credentials/remove-integration.ts'
import type { SearchConnections } from '../credentials/search-connections.ts'
import type { CustomProviders } from '../custom-providers/custom-providers.ts'
import type { TryDefinition } from '../custom-providers/try-definition.ts'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Logger } from '../logger.ts'
import type { McpEndpoint } from '../mcp/endpoint.ts'
import type { McpTokens } from '../mcp/tokens.ts'
import type { Scrape } from '../metrics/scrape.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Incidents } from '../refresh/incidents.ts'
import type { Database } from '../store/database.ts'
import type { Tenants } from '../tenants/erase.ts'
import type { ExportTenant } from '../tenants/export.ts'
import type { TenantPolicies } from '../tenants/policy.ts'
import type { ApprovalLinks } from '../tools/approval-links.ts'
import type { ApprovalPages } from '../tools/approval-pages.ts'
import type { Approvals } from '../tools/approvals.ts'
import type { ListParts } from '../tools/list-tools.ts'
import type { ToolService } from '../tools/tool-service.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { approvalRoutes } from './approvals.ts'
import { auditRoutes } from './audit.ts'
import { browserRoutes } from './browser.ts'
import { changeRoutes } from './changes.ts'
import { connectionRoutes } from './connections.ts'
import { answerProblem, type Environment } from './context.ts'
import { credentialRoutes } from './credentials.ts'
import { customProviderRoutes } from './custom-providers.ts'
import { deviceRoutes } from './device.ts'
import { eventRoutes } from './events.ts'
import { toKeywellError } from './failures.ts'
import { flowRoutes } from './flows.ts'
import {
  answerPreflight,
  fromOf,
  limitByAddress,
  requireApiKey,
  requireConnectToken,
} from './guards.ts'
import { requireJson, secureHeaders } from './headers.ts'
import { type CallMacs, idempotent } from './idempotency.ts'
import { incidentRoutes } from './incidents.ts'
import { installationRoutes } from './installations.ts'
import { integrationRoutes } from './integrations.ts'
import { keptFor } from './kept.ts'
import { mcpRoutes, mcpTokenRoutes } from './mcp.ts'
import { describeApi } from './openapi.ts'
import type { Appearance } from './pages/appearance.ts'
import { providerRoutes } from './providers.ts'
import type { RefusedCalls } from './refused-calls.ts'
import { logRequests } from './request-log.ts'
import { requestRoutes } from './requests.ts'
import { serve } from './serve.ts'
import { sessionRoutes } from './sessions.ts'
import type { StreamPlaces } from './stream-places.ts'
import { tenantRoutes } from './tenants.ts'
import { toolRoutes } from './tools.ts'
import { webhookRoutes } from './webhooks.ts'

/** Largest body of any request, in bytes. */
const maxBodyBytes = 64 * 1024
/** How long an answer to whether the service is ready stands, in milliseconds. */
const readyMs = 1_000

const ok = { status: 'ok' } as const

export interface AppParts {
  catalogue: Catalogue
  publicUrl: string
  logger: Logger
  makeRequestId: () => RequestId
  database: Database
  apiKeys: ApiKeys
  keyStreams: KeyStreams
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
  /** Of the MACs of calls with an Idempotency-Key. */
  callPeppers: Pick<Peppers<CallMacs>, 'present' | 'find'>
  rateLimits: RateLimits
  refusedCalls: RefusedCalls
  sessions: Sessions
  flows: Flows
  callback: ReturnType<typeof createCallback>
  keyForms: KeyForms
  deviceForms: DeviceForms
  deviceFlows: DeviceFlows
  linkForms: LinkForms
  showDone: ShowDone
  /** Of the pages. */
  appearance: Appearance
  checkHost: CheckHost
  confirm: ReturnType<typeof createConfirm>
  readCredential: ReadCredentials
  sendProviderRequest: SendProviderRequest
  toolService: ToolService
  mcpTokens: McpTokens
  mcpEndpoint: McpEndpoint
  /** Of authorisation servers that name themselves in the metadata of an MCP endpoint. */
  mcpAuthorizationServers: readonly string[]
  approvals: Approvals
  approvalLinks: ApprovalLinks
  approvalPages: ApprovalPages
  approvalUrl: string | undefined
  /** Of the tokens of pages. */
  searchPeppers: ListParts['peppers']
  createConnection: CreateConnection
  searchConnections: SearchConnections
  forceRefresh: ForceRefresh
  installations: Installations
  disconnector: Disconnector
  integrations: Integrations
  removeIntegration: RemoveIntegration
  customProviders: CustomProviders
  tryDefinition: TryDefinition
  incidents: Incidents
  webhooks: Webhooks
  feed: ChangeFeed
  auditReader: AuditReader
  heads: Heads
  tenants: Tenants
  exportTenant: ExportTenant
  tenantPolicies: TenantPolicies
  tracing: Tracing
  /** What is measured; asked for with an API key. */
  scrape: () => Promise<Scrape>
  /** `worker` answers of its own health, and nothing else. */
  role: 'all' | 'serve' | 'worker'
  flowWatch: FlowWatch
  streamPlaces: StreamPlaces
  /** Whether the service may be sent work. */
  isReady: () => Promise<boolean>
}

export function createApp(parts: AppParts): Hono<Environment> {
  const app = new Hono<Environment>()
  app.use(async (c, next) => {
    c.set('requestId', parts.makeRequestId())
    c.header('x-request-id', c.get('requestId'))
    await next()
  })
  app.use(logRequests(parts))
  app.use(secureHeaders({ https: new URL(parts.publicUrl).protocol === 'https:' }))
  app.use(limitBody)
  app.onError((error, c) =>
    answerProblem(c, toKeywellError(error, parts.logger, c.get('requestId'))),
  )
  operatorRoutes(app, parts)
  if (parts.role === 'worker') return app.notFound(answerNotServed)
  backendRoutes(app, parts)
  mcpRoutes(app, parts)
  pageRoutes(app, parts)
  return app.notFound(answerNoRoute)
}

/** For the operator: whether the service lives, whether it is ready, what is measured. */
function operatorRoutes(app: Hono<Environment>, parts: AppParts): void {
  serve(app, routes.service.livez, () => ok)
  const isReady = keptFor(readyMs, parts.monotonic, parts.isReady)
  serve(app, routes.service.readyz, async (_, c) => {
    parts.rateLimits.probe(fromOf(c).address)
    if (await isReady()) return ok
    throw new KeywellError('unavailable', 'The database does not answer.', { retryAfterMs: 1_000 })
  })
  app.use(routes.service.metrics.path, requireApiKey(parts))
  serve(app, routes.service.metrics, async (_, c) => {
    const { contentType, text } = await parts.scrape()
    return c.body(text, 200, { 'content-type': contentType })
  })
}

/** With an API key. */
function backendRoutes(app: Hono<Environment>, parts: AppParts): void {
  app.use('/v1/*', requireApiKey(parts), requireJson)
  // Only a caller with an API key may say which trace this belongs to.
  app.use('/v1/*', (c, next) => parts.tracing.continued((name) => c.req.header(name), next))
  app.use('/v1/*', idempotent({ ...parts, peppers: parts.callPeppers }))
  credentialRoutes(app, parts.readCredential)
  requestRoutes(app, parts.sendProviderRequest)
  toolRoutes(app, parts)
  mcpTokenRoutes(app, parts)
  approvalRoutes(app, parts)
  connectionRoutes(app, parts)
  installationRoutes(app, parts)
  sessionRoutes(app, parts)
  deviceRoutes(app, parts)
  integrationRoutes(app, parts)
  incidentRoutes(app, parts.incidents)
  providerRoutes(app, parts)
  customProviderRoutes(app, parts)
  webhookRoutes(app, parts.webhooks)
  eventRoutes(app, parts)
  changeRoutes(app, parts)
  auditRoutes(app, parts)
  tenantRoutes(app, parts)
  apiKeyRoutes(app, parts.apiKeys)
}

/** For browsers, with a connect token or none. */
function pageRoutes(app: Hono<Environment>, parts: AppParts): void {
  const addressLimit = limitByAddress(parts.rateLimits)
  app.route('/', browserRoutes(parts))
  const paths = ['/connect/flows', '/connect/flows/*', '/connect/providers', '/connect/hosts']
  for (const path of paths) {
    app.use(path, addressLimit, answerPreflight, requireConnectToken(parts), requireJson)
  }
  flowRoutes(app, parts)
  app.use(routes.service.description.path, addressLimit)
  descriptionRoute(app, parts)
}

const answerNoRoute: NotFoundHandler<Environment> = (c) =>
  answerProblem(
    c,
    new KeywellError('not_found', 'There is no such route.', {
      nextStep: `The routes are described at ${routes.service.description.path}.`,
    }),
  )

const answerNotServed: NotFoundHandler<Environment> = (c) =>
  answerProblem(
    c,
    new KeywellError(
      'not_found',
      'This process keeps connections alive and does not serve the API.',
      {
        nextStep: 'Ask one that was started with KEYWELL_ROLE=serve or all.',
      },
    ),
  )

const limitUnknownLength = bodyLimit({ maxSize: maxBodyBytes, onError: refuseBody })

/** A stated length is enough to refuse by; a body without one is counted as it comes. */
const limitBody: MiddlewareHandler<Environment> = async (c, next) => {
  const stated = c.req.header('content-length')
  if (stated === undefined || c.req.header('transfer-encoding') !== undefined) {
    return c.req.method === 'GET' ? next() : limitUnknownLength(c, next)
  }
  return Number(stated) > maxBodyBytes ? refuseBody() : next()
}

function refuseBody(): never {
  throw new KeywellError('payload_too_large', `A body may have ${maxBodyBytes} bytes.`)
}

/** The document is made once, when it is first asked for. */
function descriptionRoute(
  app: Hono<Environment>,
  { publicUrl, monotonic }: Pick<AppParts, 'publicUrl' | 'monotonic'>,
): void {
  const document = keptFor(Number.POSITIVE_INFINITY, monotonic, async () =>
    JSON.stringify(describeApi(publicUrl)),
  )
  serve(app, routes.service.description, async (_, c) =>
    c.body(await document(), 200, { 'content-type': 'application/json' }),
  )
}
