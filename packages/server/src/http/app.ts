import { OpenAPIHono } from '@hono/zod-openapi'
import { KeywellError, type RequestId } from '@keywell/protocol'
import type { MiddlewareHandler, NotFoundHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Heads } from '../audit/heads.ts'
import type { AuditReader } from '../audit/search.ts'
import type { ChangeFeed } from '../changes/feed.ts'
import type { ChangeSigner } from '../changes/signer.ts'
import type { Webhooks } from '../changes/webhooks/endpoints.ts'
import type { createCallback } from '../connect/callback.ts'
import type { createConfirm } from '../connect/confirm.ts'
import type { CreateConnection } from '../connect/create-connection.ts'
import type { FlowWatch } from '../connect/flow-watch.ts'
import type { Flows } from '../connect/flows.ts'
import type { Sessions } from '../connect/sessions.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { ReadCredentials } from '../credentials/read.ts'
import type { Logger } from '../logger.ts'
import type { Scrape } from '../metrics/scrape.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { Integrations } from '../oauth/integrations.ts'
import type { Database } from '../store/database.ts'
import type { Tenants } from '../tenants/erase.ts'
import type { ExportTenant } from '../tenants/export.ts'
import type { TenantPolicies } from '../tenants/policy.ts'
import { apiKeyRoutes } from './api-key-routes.ts'
import type { ApiKeys } from './api-keys.ts'
import { auditRoutes } from './audit.ts'
import { browserRoutes } from './browser.ts'
import { changeRoutes } from './changes.ts'
import { connectionRoutes } from './connections.ts'
import { answerProblem, type Environment } from './context.ts'
import { credentialRoutes } from './credentials.ts'
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
import { integrationRoutes } from './integrations.ts'
import { keptFor } from './kept.ts'
import type { KeyStreams } from './key-streams.ts'
import { providerRoutes } from './providers.ts'
import type { RateLimits } from './rate-limits.ts'
import type { RefusedCalls } from './refused-calls.ts'
import { sessionRoutes } from './sessions.ts'
import type { StreamPlaces } from './stream-places.ts'
import { tenantRoutes } from './tenants.ts'
import { webhookRoutes } from './webhooks.ts'

/** Largest body of any request, in bytes. */
const maxBodyBytes = 64 * 1024
/** How long an answer to whether the service is ready stands, in milliseconds. */
const readyMs = 1_000

export interface AppParts {
  publicUrl: string
  logger: Logger
  makeRequestId: () => RequestId
  database: Database
  apiKeys: ApiKeys
  keyStreams: KeyStreams
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
  rateLimits: RateLimits
  refusedCalls: RefusedCalls
  sessions: Sessions
  flows: Flows
  callback: ReturnType<typeof createCallback>
  confirm: ReturnType<typeof createConfirm>
  readCredential: ReadCredentials
  createConnection: CreateConnection
  disconnector: Disconnector
  integrations: Integrations
  webhooks: Webhooks
  feed: ChangeFeed
  signer: ChangeSigner
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

export function createApp(parts: AppParts): OpenAPIHono<Environment> {
  const app = new OpenAPIHono<Environment>()

  app.use(async (c, next) => {
    c.set('requestId', parts.makeRequestId())
    c.header('x-request-id', c.get('requestId'))
    await next()
  })
  app.use(secureHeaders({ https: new URL(parts.publicUrl).protocol === 'https:' }))
  app.use(limitBody)

  app.get('/livez', (c) => c.json({ status: 'ok' }))
  const isReady = keptFor(readyMs, parts.monotonic, parts.isReady)
  app.get('/readyz', async (c) => {
    parts.rateLimits.probe(fromOf(c).address)
    if (await isReady()) return c.json({ status: 'ok' })
    throw new KeywellError('unavailable', 'The database does not answer.', { retryAfterMs: 1_000 })
  })

  app.get('/metrics', requireApiKey(parts), async (c) => {
    const { contentType, text } = await parts.scrape()
    return c.body(text, 200, { 'content-type': contentType })
  })

  app.onError((error, c) =>
    answerProblem(c, toKeywellError(error, parts.logger, c.get('requestId'))),
  )
  if (parts.role === 'worker') return app.notFound(answerNotServed)

  app.use('/v1/*', requireApiKey(parts), requireJson)
  // Only whoever has shown a key may say what trace this belongs to.
  app.use('/v1/*', (c, next) => parts.tracing.continued((name) => c.req.header(name), next))
  app.route('/v1/credentials', credentialRoutes(parts.readCredential))
  app.route('/v1/connections', connectionRoutes(parts))
  app.route('/v1/connect/sessions', sessionRoutes(parts))
  app.route('/v1/integrations', integrationRoutes(parts.integrations))
  app.route('/v1/providers', providerRoutes())
  app.route('/v1/webhooks', webhookRoutes(parts.webhooks))
  app.route('/v1/changes', changeRoutes(parts))
  app.route('/v1/audit', auditRoutes(parts))
  app.route('/v1/tenants', tenantRoutes(parts))
  app.route('/v1/api-keys', apiKeyRoutes(parts.apiKeys))

  const addressLimit = limitByAddress(parts.rateLimits)
  app.route('/', browserRoutes(parts))
  for (const path of ['/connect/flows', '/connect/flows/*', '/connect/providers']) {
    app.use(path, addressLimit, answerPreflight, requireConnectToken(parts), requireJson)
  }
  app.route('/connect', flowRoutes(parts))

  app.use('/openapi.json', addressLimit)
  describe(app, parts)
  app.notFound((c) =>
    answerProblem(
      c,
      new KeywellError('not_found', 'There is no such route.', {
        nextStep: 'The routes are described at /openapi.json.',
      }),
    ),
  )
  return app
}

const answerNotServed: NotFoundHandler<Environment> = (c) =>
  answerProblem(
    c,
    new KeywellError('not_found', 'This process keeps connections alive and serves nobody.', {
      nextStep: 'Ask one that was started with KEYWELL_ROLE=serve or all.',
    }),
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

/** The document at `/openapi.json` is made of the same schemas that parse the requests, and made once. */
function describe(
  app: OpenAPIHono<Environment>,
  parts: Pick<AppParts, 'publicUrl' | 'monotonic'>,
): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, from a backend',
  })
  const document = keptFor(Number.POSITIVE_INFINITY, parts.monotonic, async () =>
    JSON.stringify(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title: 'Keywell', version: '1' },
        servers: [{ url: parts.publicUrl }],
        security: [{ apiKey: [] }],
      }),
    ),
  )
  app.get('/openapi.json', async (c) =>
    c.body(await document(), 200, { 'content-type': 'application/json' }),
  )
}
