import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import {
  type Change,
  type ChangeKind,
  type ChangeLogPage,
  type ConfirmAnswer,
  type Connection,
  type CreateSession,
  confirmSchema,
  connectionIdSchema,
  createIntegrationSchema,
  createSessionSchema,
  flowIdSchema,
  type IdKind,
  type Integration,
  type IntegrationId,
  integrationIdSchema,
  KeywellError,
  listConnectionsSchema,
  makeId,
  ownerSchema,
  type ReadCredentialAnswer,
  readCredentialSchema,
  type SessionId,
  type StreamEventData,
  sessionIdSchema,
  setClientSchema,
  tenantIdSchema,
  userIdSchema,
} from '@keywell/protocol'
import { type Context, Hono, type Next } from 'hono'

export const apiKey = 'kw_test_key'

/** Whether a request is for the change stream or the log, without which each credential stands for itself. */
export function isOfChanges(url: URL | RequestInfo): boolean {
  const { pathname } = new URL(url instanceof Request ? url.url : url)
  return pathname.startsWith('/v1/changes')
}

/** A connection as the stand-in keeps it. */
export interface Kept {
  connection: Connection
  credential: string
  /** `performance.now()` at the end of the access token; null: it has none. */
  endsAtMs: number | null
  /** Of a credential that has a header of its own. */
  header?: { name: string; value: string }
}

export interface KeptOptions {
  provider?: string | undefined
  tenantId?: string | undefined
  userId?: string | undefined
  host?: string | undefined
  name?: string | undefined
  expiresInMs?: number | null
  scopes?: string[]
}

/**
 * A stand-in for the Keywell service at the edge of this package: the routes that the SDK calls, over
 * HTTP, with everything in memory, and switches for what goes wrong. It knows no vault and no OAuth.
 */
export class StandInService {
  readonly kept: Kept[] = []
  /** `METHOD path` of every request, in order. */
  readonly calls: string[] = []
  /** Bodies of `POST /v1/credentials`, in order. */
  readonly reads: Record<string, unknown>[] = []
  readonly sessions = new Map<SessionId, CreateSession>()
  /** Origins of pages that were refused a session, in order. */
  readonly foreignPages: string[] = []
  /** What a confirmation answers; tickets that are not here are refused. */
  readonly tickets = new Map<string, { userId: string; answer: ConfirmAnswer }>()
  readonly integrations: Integration[] = []
  /** Milliseconds between heartbeats. */
  heartbeatMs = 20
  /** Answers every request with this, when set. */
  answerAll: (() => Response) | undefined
  /** Holds answers of `POST /v1/credentials` back until it resolves, when set. */
  gate: Promise<void> | undefined
  /** So many reads more are answered that the token is being renewed. */
  renewing = { reads: 0, retryAfterMs: 0 }
  /** What a token is refreshed to when a reader reports a 401. */
  onReport: ((kept: Kept) => void) | undefined
  /** By the key that a call was made under. */
  readonly answers = new Map<string, Response>()
  /** Integrations that were made. */
  readonly made: IntegrationId[] = []
  /** Tenants whose policy allows nothing. */
  readonly shutOut = new Set<string>()
  /** Streams stay open and say nothing. */
  isSilent = false
  /** How old the pages of the log are, in milliseconds. */
  logAgeMs = 0
  /** Texts of all events that were sent to streams, in order. */
  readonly sent: string[] = []
  readonly #log: (Change | undefined)[] = []
  #forgotten = 0
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>()
  #server: ReturnType<typeof serve> | undefined
  #port = 0
  readonly #app = routesOf(this)

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get streams(): number {
    return this.#streams.size
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      const options = { fetch: this.#app.fetch, port: this.#port, hostname: '127.0.0.1' }
      this.#server = serve(options, (address: AddressInfo) => {
        this.#port = address.port
        resolve()
      })
    })
    return this
  }

  /** Down: connections are refused until `start` is called again, at the same address. */
  async stop(): Promise<void> {
    this.cutStreams()
    await new Promise<void>((resolve) => {
      const server = this.#server
      if (server === undefined) return resolve()
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  }

  // What happens to connections

  connect(options: KeptOptions = {}): Kept {
    const now = new Date().toISOString()
    const kept: Kept = {
      connection: {
        id: newId('connection'),
        tenantId: tenantIdSchema.parse(options.tenantId ?? 'org_acme'),
        userId: userIdSchema.parse(options.userId ?? 'user_123'),
        provider: options.provider ?? 'gitlab',
        host: options.host ?? 'https://gitlab.com',
        name: options.name ?? 'default',
        status: 'active',
        needsReauth: false,
        reason: null,
        health: { status: 'ok', reason: null, checkedAt: null },
        account: { id: '42', name: 'Ada', username: 'ada', avatarUrl: null },
        scopes: options.scopes ?? ['api'],
        missingScopes: [],
        renewable: true,
        endsAt: null,
        generation: 1,
        createdAt: now,
        updatedAt: now,
      },
      credential: newToken(),
      endsAtMs: endOf(options.expiresInMs === undefined ? 7_200_000 : options.expiresInMs),
    }
    this.kept.push(kept)
    this.emit('connected', kept)
    return kept
  }

  refresh(kept: Kept, expiresInMs: number | null = 7_200_000): void {
    kept.credential = newToken()
    kept.endsAtMs = endOf(expiresInMs)
    kept.connection.generation += 1
    this.emit('refreshed', kept)
  }

  revoke(kept: Kept): void {
    kept.connection.status = 'revoked'
    kept.connection.needsReauth = true
    kept.connection.reason = 'revoked'
    this.emit('needs_reauth', kept)
  }

  disconnect(kept: Kept): void {
    kept.connection.status = 'disconnected'
    this.emit('disconnected', kept)
  }

  // The change stream

  emit(kind: ChangeKind, { connection }: Kept): void {
    const { tenantId, userId, id, provider, host, name, generation } = connection
    this.#append({
      ...this.#nextPlace(),
      kind,
      tenantId,
      userId,
      connectionId: id,
      provider,
      host,
      name,
      generation,
    })
  }

  /** The operator has changed what a tenant may do. */
  emitPolicy(tenantId: string): void {
    const id = tenantIdSchema.parse(tenantId)
    this.#append({ ...this.#nextPlace(), kind: 'policy', tenantId: id })
  }

  #nextPlace(): { position: string; at: string } {
    return { position: positionOf(this.#log.length + 1), at: new Date().toISOString() }
  }

  #append(change: Change): void {
    this.#log.push(change)
    if (!this.isSilent) this.send(textOf(this.#changeAt(this.#log.length - 1)))
  }

  /** A change that nobody understands. */
  emitUnknown(): void {
    const number = this.#log.length + 1
    const place = { after: positionOf(number - 1), position: positionOf(number) }
    this.send(textOf({ event: 'change', ...place, change: { kind: 'of a later version' } }))
  }

  /** A change is lost, and every stream says so. */
  flush(): void {
    this.#log.push(undefined)
    this.send(textOf({ event: 'flush', position: positionOf(this.#log.length) }))
  }

  /** Every change up to now was sent. */
  beat(): void {
    const position = positionOf(this.#log.length)
    this.send(textOf({ event: 'heartbeat', after: position, position }))
  }

  /** Text on every open stream, as it is. */
  send(text: string): void {
    this.sent.push(text)
    for (const stream of this.#streams) stream.enqueue(new TextEncoder().encode(text))
  }

  /** An event that the service never sent, on every open stream. */
  forge(event: StreamEventData): void {
    this.send(textOf(event))
  }

  cutStreams(): void {
    for (const stream of this.#streams) stream.close()
    this.#streams.clear()
  }

  /** The log begins here: to resume from before is to flush. */
  forgetLog(): void {
    this.#forgotten = this.#log.length
  }

  openStream(lastEventId: string | undefined): Response {
    let opened: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        opened = controller
        for (const text of this.#beginning(lastEventId).map(textOf)) {
          this.sent.push(text)
          controller.enqueue(new TextEncoder().encode(text))
        }
        this.#streams.add(controller)
        const heart = setInterval(() => {
          if (!this.#streams.has(controller)) clearInterval(heart)
          else if (!this.isSilent) this.beat()
        }, this.heartbeatMs)
      },
      cancel: () => {
        if (opened !== undefined) this.#streams.delete(opened)
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  /** The log after a position, in one page. */
  page(after: string | undefined): ChangeLogPage {
    const end = this.#log.length
    const from = after === undefined ? end : numberOf(after)
    const missed = from < this.#forgotten || this.#log.slice(from).includes(undefined)
    return {
      changes: missed ? [] : this.#log.slice(from),
      position: positionOf(end),
      missed,
      isComplete: true,
      ageMs: this.logAgeMs,
    }
  }

  #beginning(lastEventId: string | undefined): StreamEventData[] {
    const end = this.#log.length
    const from = lastEventId === undefined ? end : numberOf(lastEventId)
    const isKept = from >= this.#forgotten
    const position = positionOf(isKept ? from : end)
    if (!isKept)
      return [
        { event: 'hello', position },
        { event: 'flush', position },
      ]
    const changes = this.#log.slice(from).map((_, index) => this.#changeAt(from + index))
    return [{ event: 'hello', position }, ...changes]
  }

  #changeAt(index: number): StreamEventData {
    const change = this.#log[index]
    return {
      event: 'change',
      after: positionOf(index),
      position: positionOf(index + 1),
      change,
    }
  }
}

function textOf({ event, ...data }: StreamEventData): string {
  return `event: ${event}\nid: ${data.position}\ndata: ${JSON.stringify(data)}\n\n`
}

function routesOf(service: StandInService): Hono {
  const app = new Hono()
  app.onError((error) => {
    const problem =
      error instanceof KeywellError ? error : new KeywellError('internal', error.message)
    return Response.json(problem.toProblem(newId('request')), {
      status: problem.status,
      headers: { 'content-type': 'application/problem+json' },
    })
  })
  app.use(async (c, next) => {
    service.calls.push(`${c.req.method} ${c.req.path}`)
    if (service.answerAll !== undefined) return service.answerAll()
    if (c.req.header('authorization') !== `Bearer ${apiKey}`) {
      throw new KeywellError('unauthorized', 'The API key is not valid.')
    }
    return once(service, c, next)
  })
  app.get('/v1/changes', (c) => service.openStream(c.req.header('last-event-id')))
  app.get('/v1/changes/log', (c) => c.json(service.page(c.req.query('after'))))
  app.post('/v1/credentials', (c) => readCredential(service, c))
  app.get('/v1/connections', (c) => {
    const query = listConnectionsSchema.parse(c.req.query())
    const connections = service.kept
      .map((kept) => kept.connection)
      .filter((one) => one.tenantId === query.tenantId)
      .filter((one) => query.userId === undefined || one.userId === query.userId)
    const from = connections.findIndex(({ id }) => id === query.cursor) + 1
    const page = connections.slice(from, from + query.limit)
    const nextCursor = from + page.length < connections.length ? page.at(-1)?.id : null
    return c.json({ connections: page, nextCursor })
  })
  app.get('/v1/connections/:id', (c) => c.json(find(service, c).connection))
  app.delete('/v1/connections/:id', (c) => {
    const kept = find(service, c)
    service.disconnect(kept)
    return c.json({ connection: kept.connection, upstream: 'revoked', manualUrl: null })
  })
  app.post('/v1/connect/sessions', async (c) => {
    const session = createSessionSchema.parse(await c.req.json())
    const { origins, pageOrigin } = session
    if (pageOrigin !== undefined && !origins.includes(pageOrigin)) {
      service.foreignPages.push(pageOrigin)
      throw new KeywellError('origin_not_allowed', `No connect session for ${pageOrigin}.`)
    }
    const sessionId = newId('session')
    service.sessions.set(sessionId, session)
    const expiresAt = new Date(Date.now() + 600_000).toISOString()
    return c.json({ sessionId, connectToken: 'jwt', serviceUrl: service.url, expiresAt }, 201)
  })
  app.post('/v1/connect/sessions/:id/confirm', async (c) => {
    const { ticket, userId } = confirmSchema.parse(await c.req.json())
    if (!service.sessions.has(sessionIdSchema.parse(c.req.param('id')))) {
      throw new KeywellError('session_expired', 'The session is over.')
    }
    const known = service.tickets.get(ticket)
    service.tickets.delete(ticket)
    if (known === undefined || known.userId !== userId) {
      throw new KeywellError('flow_mismatch', 'Somebody else finished the flow.')
    }
    return c.json(known.answer)
  })
  addIntegrationRoutes(app, service)
  return app
}

/** Under one `Idempotency-Key` a call is carried out once. */
async function once(
  service: StandInService,
  c: Context,
  next: Next,
): Promise<Response | undefined> {
  const key = c.req.header('idempotency-key')
  const known = key === undefined ? undefined : service.answers.get(key)
  if (known !== undefined) return known.clone()
  await next()
  if (key !== undefined && c.res.ok) service.answers.set(key, c.res.clone())
  return undefined
}

function addIntegrationRoutes(app: Hono, service: StandInService): void {
  app.post('/v1/integrations', async (c) => {
    const { provider, host, tenantId, clientId, scopes } = createIntegrationSchema.parse(
      await c.req.json(),
    )
    const id: IntegrationId = newId('integration')
    service.made.push(id)
    const integration: Integration = {
      id,
      provider,
      host: host ?? 'https://gitlab.com',
      tenantId: tenantId ?? null,
      status: clientId === undefined ? 'draft' : 'active',
      clientId: clientId ?? null,
      scopes,
      redirectUri: `${service.url}/oauth/callback/${id}`,
      registerUrl: 'https://gitlab.com/-/user_settings/applications',
      steps: ['Add an application.'],
      suspended: null,
    }
    service.integrations.push(integration)
    return c.json(integration, 201)
  })
  app.get('/v1/integrations', (c) => {
    const tenantId = c.req.query('tenantId') ?? null
    return c.json({ integrations: service.integrations.filter((i) => i.tenantId === tenantId) })
  })
  app.put('/v1/integrations/:id/client', async (c) => {
    const { clientId } = setClientSchema.parse(await c.req.json())
    const id = integrationIdSchema.parse(c.req.param('id'))
    const integration = service.integrations.find((one) => one.id === id)
    if (integration === undefined) throw new KeywellError('not_found', 'No such integration.')
    Object.assign(integration, { clientId, status: 'active' })
    return c.json(integration)
  })
}

async function readCredential(service: StandInService, c: Context): Promise<Response> {
  const body: Record<string, unknown> = await c.req.json()
  service.reads.push(body)
  const query = readCredentialSchema.parse(body)
  const { renewing } = service
  if (renewing.reads > 0) {
    renewing.reads -= 1
    throw new KeywellError('refresh_in_progress', 'The token is being renewed.', renewing)
  }
  const kept = service.kept.findLast(
    ({ connection }) =>
      connection.provider === query.provider &&
      connection.tenantId === query.tenantId &&
      connection.userId === query.userId &&
      connection.name === query.connectionName &&
      (query.host === undefined || connection.host === query.host) &&
      connection.status !== 'disconnected',
  )
  if (kept !== undefined && query.minGeneration !== undefined) service.onReport?.(kept)
  // A slow answer holds what was true when its request came.
  const answer = kept && answerOf(kept, query.ifNewerThan, query.scopes ?? [])
  const reason = kept?.connection.reason
  await service.gate
  if (service.shutOut.has(query.tenantId))
    throw new KeywellError('not_allowed_for_tenant', 'The operator does not allow it.')
  if (answer === undefined) throw new KeywellError('not_connected', 'The user has not connected.')
  if (reason) throw new KeywellError('needs_reauth', 'The grant is gone.', { reason })
  return c.json(answer)
}

function answerOf(
  { connection, credential, endsAtMs, header }: Kept,
  ifNewerThan: number | undefined,
  scopes: readonly string[],
): ReadCredentialAnswer {
  const { id: connectionId, generation, host, account } = connection
  const expiresInMs = endsAtMs === null ? null : Math.round(endsAtMs - performance.now())
  if (ifNewerThan !== undefined && generation <= ifNewerThan) {
    return { unchanged: true, connectionId, generation, expiresInMs }
  }
  const expiresAt = expiresInMs === null ? null : new Date(Date.now() + expiresInMs).toISOString()
  // As at GitLab, `api` implies every other scope here.
  const isAll = connection.scopes.includes('api')
  return {
    unchanged: false,
    connectionId,
    generation,
    type: expiresInMs === null ? 'api_key' : 'oauth_token',
    credential,
    header: header ?? { name: 'Authorization', value: `Bearer ${credential}` },
    expiresAt,
    expiresInMs,
    scopes: connection.scopes,
    missingScopes: isAll ? [] : scopes.filter((scope) => !connection.scopes.includes(scope)),
    host,
    account,
  }
}

function find(service: StandInService, c: Context): Kept {
  const id = connectionIdSchema.parse(c.req.param('id'))
  const { tenantId, userId } = ownerSchema.parse(c.req.query())
  const kept = service.kept.find(({ connection }) => connection.id === id)
  const isTheirs =
    kept?.connection.tenantId === tenantId &&
    (userId === undefined || kept.connection.userId === userId)
  if (!isTheirs) throw new KeywellError('not_found', 'There is no such connection.')
  return kept
}

/** What a confirmation answers for a connection that was made. */
export function confirmed(kept: Kept, how: Partial<ConfirmAnswer> = {}): ConfirmAnswer {
  return {
    flowId: flowIdSchema.parse(newId('flow')),
    status: 'connected',
    error: null,
    connection: kept.connection,
    mode: 'popup',
    resumeUrl: null,
    ...how,
  }
}

export function newId<Kind extends IdKind>(kind: Kind): ReturnType<typeof makeId<Kind>> {
  return makeId(kind, randomBytes(10), Date.now())
}

function newToken(): string {
  return `glpat-${randomBytes(16).toString('hex')}`
}

function endOf(expiresInMs: number | null): number | null {
  return expiresInMs === null ? null : performance.now() + expiresInMs
}

/** In the order of the log: its first change is 1. */
function positionOf(number: number): string {
  return `1.${number}.0`
}

function numberOf(position: string): number {
  return Number(position.split('.')[1])
}
