import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import {
  type Change,
  type ChangeKind,
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
  sessionIdSchema,
  setClientSchema,
  tenantIdSchema,
  userIdSchema,
} from '@keywell/protocol'
import { type Context, Hono } from 'hono'

export const apiKey = 'kw_test_key'

/** A connection as the stand-in keeps it. */
export interface Kept {
  connection: Connection
  credential: string
  /** `performance.now()` at the end of the access token; null: it has none. */
  endsAtMs: number | null
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
  /** What a confirmation answers; tickets that are not here are refused. */
  readonly tickets = new Map<string, { userId: string; answer: ConfirmAnswer }>()
  readonly integrations: Integration[] = []
  /** Milliseconds between heartbeats. */
  heartbeatMs = 20
  /** Answers every request with this, when set. */
  answerAll: (() => Response) | undefined
  /** Holds answers of `POST /v1/credentials` back until it resolves, when set. */
  gate: Promise<void> | undefined
  /** What a token is refreshed to when a reader reports a 401. */
  onReport: ((kept: Kept) => void) | undefined
  /** Streams stay open and say nothing. */
  isSilent = false
  #log: Change[] = []
  #forgotten = 0
  #streams = new Set<ReadableStreamDefaultController<Uint8Array>>()
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
        generation: 1,
        createdAt: now,
        updatedAt: now,
      },
      credential: newToken(),
      endsAtMs: endOf(options.expiresInMs === undefined ? 7_200_000 : options.expiresInMs),
    }
    this.kept.push(kept)
    this.tell('connected', kept)
    return kept
  }

  refresh(kept: Kept, expiresInMs: number | null = 7_200_000): void {
    kept.credential = newToken()
    kept.endsAtMs = endOf(expiresInMs)
    kept.connection.generation += 1
    this.tell('refreshed', kept)
  }

  revoke(kept: Kept): void {
    kept.connection.status = 'revoked'
    kept.connection.needsReauth = true
    kept.connection.reason = 'revoked'
    this.tell('needs_reauth', kept)
  }

  disconnect(kept: Kept): void {
    kept.connection.status = 'disconnected'
    this.tell('disconnected', kept)
  }

  // The change stream

  tell(kind: ChangeKind, { connection }: Kept): void {
    const { tenantId, userId, id, provider, host, name, generation } = connection
    const change: Change = {
      position: String(this.#log.length + 1),
      kind,
      tenantId,
      userId,
      connectionId: id,
      provider,
      host,
      name,
      generation,
      at: new Date().toISOString(),
    }
    this.#log.push(change)
    if (!this.isSilent) this.send(eventOf('change', change, change.position))
  }

  /** Text on every open stream. */
  send(text: string): void {
    for (const stream of this.#streams) stream.enqueue(new TextEncoder().encode(text))
  }

  cutStreams(): void {
    for (const stream of this.#streams) stream.close()
    this.#streams.clear()
  }

  /** The log begins here: whoever resumes from before is told to flush. */
  forgetLog(): void {
    this.#forgotten = this.#log.length
  }

  openStream(lastEventId: string | undefined): Response {
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined
    let heart: NodeJS.Timeout | undefined
    const write = (text: string) => stream?.enqueue(new TextEncoder().encode(text))
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = controller
        this.#streams.add(controller)
        write(eventOf('hello', { position: String(this.#log.length) }, undefined))
        if (lastEventId !== undefined) {
          if (Number(lastEventId) < this.#forgotten) write(eventOf('flush', {}, undefined))
          const missed = this.#log.slice(Math.max(Number(lastEventId), this.#forgotten))
          for (const change of missed) write(eventOf('change', change, change.position))
        }
        heart = setInterval(() => {
          if (!this.#streams.has(controller)) clearInterval(heart)
          else if (!this.isSilent) write(': heartbeat\n\n')
        }, this.heartbeatMs)
      },
      cancel: () => {
        clearInterval(heart)
        if (stream !== undefined) this.#streams.delete(stream)
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
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
    return next()
  })
  app.get('/v1/changes', (c) => service.openStream(c.req.header('last-event-id')))
  app.post('/v1/credentials', (c) => readCredential(service, c))
  app.get('/v1/connections', (c) => {
    const query = listConnectionsSchema.parse(c.req.query())
    const connections = service.kept
      .map((kept) => kept.connection)
      .filter((one) => one.tenantId === query.tenantId)
      .filter((one) => query.userId === undefined || one.userId === query.userId)
    return c.json({ connections: connections.slice(0, query.limit), nextCursor: null })
  })
  app.get('/v1/connections/:id', (c) => c.json(find(service, c).connection))
  app.delete('/v1/connections/:id', (c) => {
    const kept = find(service, c)
    service.disconnect(kept)
    return c.json({ connection: kept.connection, upstream: 'revoked', manualUrl: null })
  })
  app.post('/v1/connect/sessions', async (c) => {
    const sessionId = newId('session')
    service.sessions.set(sessionId, createSessionSchema.parse(await c.req.json()))
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

function addIntegrationRoutes(app: Hono, service: StandInService): void {
  app.post('/v1/integrations', async (c) => {
    const { provider, host, tenantId, clientId, scopes } = createIntegrationSchema.parse(
      await c.req.json(),
    )
    const id: IntegrationId = newId('integration')
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
  const kept = service.kept.findLast(
    ({ connection }) =>
      connection.provider === query.provider &&
      connection.tenantId === query.tenantId &&
      connection.userId === query.userId &&
      connection.name === query.connection &&
      (query.host === undefined || connection.host === query.host) &&
      connection.status !== 'disconnected',
  )
  if (kept !== undefined && query.minGeneration !== undefined) service.onReport?.(kept)
  // What was true when the question was asked is what a slow answer tells.
  const answer = kept && answerOf(kept, query.ifNewerThan, query.scopes ?? [])
  const reason = kept?.connection.reason
  await service.gate
  if (answer === undefined) throw new KeywellError('not_connected', 'The user has not connected.')
  if (reason) throw new KeywellError('needs_reauth', 'The grant is gone.', { reason })
  return c.json(answer)
}

function answerOf(
  { connection, credential, endsAtMs }: Kept,
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
    header: { name: 'Authorization', value: `Bearer ${credential}` },
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

function eventOf(event: string, data: unknown, id: string | undefined): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`
}
