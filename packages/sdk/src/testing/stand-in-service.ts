import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import {
  type ChangeKind,
  type Connection,
  KeywellError,
  type ReadCredentialAnswer,
  readCredentialSchema,
  tenantIdSchema,
  userIdSchema,
} from '@keywell/protocol'
import { type Context, Hono } from 'hono'
import { holdContract } from '../../../../test/support/contract.ts'
import { newId } from './ids.ts'
import { StandInChanges } from './stand-in-changes.ts'

export const apiKey = 'kw_test_key'

/** Whether a request is for the change stream or the log, without which each credential stands for itself. */
function isOfChanges(url: URL | RequestInfo): boolean {
  const { pathname } = new URL(url instanceof Request ? url.url : url)
  return pathname.startsWith('/v1/changes')
}

/** A `fetch` without the change stream and the change log, whose beginning looks at everything once more. */
export const fetchWithoutChanges: typeof fetch = async (url, init) =>
  isOfChanges(url) ? new Response(null, { status: 502 }) : fetch(url, init)

/** A connection as the stand-in keeps it. */
export interface Kept {
  connection: Connection
  credential: string
  /** `performance.now()` at the end of the access token; null: it has none. */
  endsAtMs: number | null
  /** Of a credential that has headers of its own. */
  headers?: { name: string; value: string }[]
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
 * A stand-in for the Keywell service, for what the real one cannot be made to do on request: go down and come
 * back, fall silent, answer nonsense, hold an answer back, go back in generations, lose or forge events. All
 * other tests use the real engine (`useEngine`).
 *
 * It serves the routes of credentials and changes alone. Each answer is compared with the protocol's table of
 * routes, unless a test sets it with `answerAll`: `stop` throws what does not fit.
 */
export class StandInService {
  readonly kept: Kept[] = []
  /** The change log, and the streams that follow it. */
  readonly changes = new StandInChanges()
  /** `METHOD path` of every request, in order. */
  readonly calls: string[] = []
  /** Bodies of `POST /v1/credentials`, in order. */
  readonly reads: Record<string, unknown>[] = []
  /** Answers every request with this, when set. */
  answerAll: (() => Response) | undefined
  /** Holds answers of `POST /v1/credentials` back until it resolves, when set. */
  gate: Promise<void> | undefined
  /** So many reads more are answered that the token is being renewed. */
  renewing = { reads: 0, retryAfterMs: 0 }
  /** What a token is refreshed to when a reader reports a 401. */
  onReport: ((kept: Kept) => void) | undefined
  readonly #app = routesOf(this)
  readonly #contract = holdContract(() => this.#app)
  #server: ReturnType<typeof serve> | undefined
  #port = 0

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      const fetch = (request: Request) => this.#answer(request)
      const options = { fetch, port: this.#port, hostname: '127.0.0.1' }
      this.#server = serve(options, (address: AddressInfo) => {
        this.#port = address.port
        resolve()
      })
    })
    return this
  }

  /**
   * Down: connections are refused until `start` is called again, at the same address.
   * Throws when something was answered that the real service does not answer.
   */
  async stop(): Promise<void> {
    this.changes.cutStreams()
    await new Promise<void>((resolve) => {
      const server = this.#server
      if (server === undefined) return resolve()
      server.close(() => resolve())
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
    const faults = [...this.#contract.faults.splice(0), ...this.changes.faults.splice(0)]
    if (faults.length > 0) throw new Error(`the stand-in has drifted:\n${faults.join('\n')}`)
  }

  async #answer(request: Request): Promise<Response> {
    this.calls.push(`${request.method} ${new URL(request.url).pathname}`)
    return this.answerAll === undefined ? this.#contract.fetch(request) : this.answerAll()
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
        method: 'oauth',
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
        refreshExpiresAt: null,
        generation: 1,
        lastUsedAt: null,
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

  /** The log holds a change of the connection, whether or not one happened. */
  emit(kind: ChangeKind, { connection }: Kept): void {
    const { tenantId, userId, id: connectionId, provider, host, name, generation } = connection
    const of = { tenantId, userId, connectionId, provider, host, name, generation }
    this.changes.append({ ...this.changes.nextPlace(), kind, ...of })
  }

  /** The operator has changed what a tenant may do. */
  emitPolicy(tenantId: string): void {
    const id = tenantIdSchema.parse(tenantId)
    this.changes.append({ ...this.changes.nextPlace(), kind: 'policy', tenantId: id })
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
    if (c.req.header('authorization') !== `Bearer ${apiKey}`) {
      throw new KeywellError('unauthorized', 'The API key is not valid.')
    }
    await next()
  })
  app.get('/v1/changes', (c) => service.changes.open(c.req.header('last-event-id')))
  app.get('/v1/changes/log', (c) => c.json(service.changes.page(c.req.query('after'))))
  app.post('/v1/credentials', (c) => readCredential(service, c))
  return app
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
  if (answer === undefined) throw new KeywellError('not_connected', 'The user has not connected.')
  if (reason) throw new KeywellError('needs_reauth', 'The grant is gone.', { reason })
  return c.json(answer)
}

function answerOf(
  { connection, credential, endsAtMs, headers }: Kept,
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
    headers: headers ?? [{ name: 'Authorization', value: `Bearer ${credential}` }],
    expiresAt,
    expiresInMs,
    scopes: connection.scopes,
    missingScopes: isAll ? [] : scopes.filter((scope) => !connection.scopes.includes(scope)),
    host,
    account,
  }
}

function newToken(): string {
  return `glpat-${randomBytes(16).toString('hex')}`
}

function endOf(expiresInMs: number | null): number | null {
  return expiresInMs === null ? null : performance.now() + expiresInMs
}
