import {
  type Connection,
  type CreateFlow,
  type CreateSession,
  createSessionSchema,
  type ReadCredentialAnswer,
  returnParameters,
  type SessionAnswer,
} from '@keywell/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type Contract, holdContract } from './contract.ts'
import { createDatabase } from './databases.ts'
import { openCreated } from './inspected.ts'
import { Person } from './person.ts'
import { createStage, must, type Stage } from './stage.ts'

/** A connection of a test, with the secret that it holds now. */
export interface Held {
  connection: Connection
  credential: string
}

export interface HeldOptions {
  tenantId?: string | undefined
  userId?: string | undefined
  name?: string | undefined
  /** An API key unless the scopes matter or the credential must have an end. */
  type?: 'api_key' | 'oauth_token' | undefined
  scopes?: string[] | undefined
}

/** How a user answers the provider's question. */
export interface Consent {
  decision?: 'authorize' | 'deny'
  flow?: Partial<CreateFlow>
}

/**
 * The real engine for the tests of a file, with a sandbox GitLab beside it. The SDK's calls reach it in
 * process, by its `fetch`, and each answer is compared with the table of routes. Every test has a tenant of
 * its own.
 */
export function useEngine(): { readonly current: Scene } {
  let stage: Stage
  let contract: Contract
  let remove = async () => {}
  let scenes = 0
  const used = { current: undefined as unknown as Scene } // set before each test
  beforeAll(async () => {
    // What is stored and logged is swept by the tests of the engine.
    const created = await createDatabase()
    const database = await openCreated(created, { poolSize: 5 })
    stage = await createStage(database, { swept: false })
    remove = async () => {
      await stage.stop()
      await database.close()
      await created.drop()
    }
    contract = holdContract(() => stage.keywell)
  })
  beforeEach(() => {
    scenes += 1
    used.current = new Scene(stage, contract, `org_${scenes}`)
  })
  afterEach(() => {
    if (contract.faults.length > 0) throw new Error(contract.faults.splice(0).join('\n'))
  })
  afterAll(() => remove())
  return used
}

/** What one test sees of the engine: its own tenant, its own calls, and what happens to these on the way. */
export class Scene {
  readonly who: { readonly tenantId: string; readonly userId: string }
  readonly query: { readonly provider: string; readonly tenantId: string; readonly userId: string }
  /** `METHOD path` of every call, in order; without the change stream and log. */
  readonly calls: string[] = []
  /** Bodies of `POST /v1/credentials`, in order. */
  readonly reads: Record<string, unknown>[] = []
  /** By their ids, what the sessions were made for. */
  readonly sessions = new Map<string, CreateSession>()
  /** Origins of pages that the engine refused a session, in order. */
  readonly foreignPages: string[] = []
  /** The change stream and log are cut, so that each credential stands for itself. */
  withoutChanges = false
  /** Change streams that were opened. */
  streams = 0
  /** Nothing reaches the engine. */
  isDown = false
  readonly #stage: Stage
  readonly #contract: Contract

  constructor(stage: Stage, contract: Contract, tenantId: string) {
    this.#stage = stage
    this.#contract = contract
    this.who = { tenantId, userId: 'user_123' }
    this.query = { provider: 'gitlab', ...this.who }
  }

  get url(): string {
    return this.#stage.url
  }

  get apiKey(): string {
    return this.#stage.apiKey
  }

  /** The host of the connections. */
  get host(): string {
    return this.#stage.sandbox.url
  }

  get stage(): Stage {
    return this.#stage
  }

  /** Options of a Keywell that calls the engine. */
  get options(): { url: string; apiKey: string; fetch: typeof fetch } {
    return { url: this.url, apiKey: this.apiKey, fetch: this.fetch }
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, origin } = new URL(input instanceof Request ? input.url : input)
    if (origin !== new URL(this.url).origin) return fetch(input, init)
    const request = new Request(input, init)
    const isOfChanges = pathname.startsWith('/v1/changes')
    if (isOfChanges && this.withoutChanges) return new Response(null, { status: 502 })
    if (this.isDown) throw new TypeError('fetch failed')
    if (isOfChanges) {
      const response = await answered(this.#contract.fetch(request), request.signal)
      if (pathname === '/v1/changes' && response.ok) this.streams += 1
      return response
    }
    this.calls.push(`${request.method} ${pathname}`)
    const body = await bodyOf(request)
    if (pathname === '/v1/credentials') this.reads.push(body)
    const response = await answered(this.#contract.fetch(request), request.signal)
    if (pathname === '/v1/connect/sessions') await this.#noteSession(body, response.clone())
    return response
  }

  async #noteSession(body: Record<string, unknown>, response: Response): Promise<void> {
    const session = createSessionSchema.parse(body)
    if (response.ok) this.sessions.set((await response.json()).sessionId, session)
    else if (session.pageOrigin !== undefined) this.foreignPages.push(session.pageOrigin)
  }

  // What happens to connections

  /** A user connects. */
  async connect(options: HeldOptions = {}): Promise<Held> {
    const isKey = (options.type ?? (options.scopes ? 'oauth_token' : 'api_key')) === 'api_key'
    return isKey ? this.#connectByKey(options) : this.#connectByConsent(options)
  }

  /** The user consents at the provider; answers what the browser brings back to the app. */
  async consent(
    session: SessionAnswer,
    { decision = 'authorize', flow = {} }: Consent = {},
  ): Promise<{ sessionId: string; flowId: string; ticket: string }> {
    const stage = this.#stage
    const person = new Person()
    const skipConsent = decision === 'authorize' ? 'matching_token' : 'never'
    await stage.sandbox.control.change({ skipConsent })
    const first = await stage.start(person, await stage.flow(session, flow))
    const { url } = await stage.callback(person, await stage.consent(first, 'ada', decision))
    const sent = (name: keyof typeof returnParameters) =>
      url.searchParams.get(returnParameters[name]) ?? ''
    return { sessionId: sent('session'), flowId: sent('flow'), ticket: sent('ticket') }
  }

  /** The next generation: an API key that takes the place of the old one, or a refreshed token. */
  async refresh(held: Held): Promise<void> {
    const { tenantId, userId, name } = held.connection
    if (held.credential.startsWith('glpat-')) {
      Object.assign(held, await this.#connectByKey({ tenantId, userId: userId ?? undefined, name }))
      return
    }
    await this.#expire(held.connection)
    await this.#update(held)
  }

  /** The user withdraws the grant at the provider, and a caller that was refused there reports it. */
  async revoke(held: Held): Promise<void> {
    await this.#stage.sandbox.control.revokeGrants({ username: 'ada' })
    const minGeneration = held.connection.generation + 1
    await expect.poll(async () => (await this.#read(held, { minGeneration })).status).toBe(409)
  }

  async disconnect({ connection: { id, tenantId } }: Held): Promise<void> {
    must(await this.#stage.call('DELETE', `/v1/connections/${id}?tenantId=${tenantId}`), 200)
  }

  /** The operator changes what the tenant may do. */
  async setPolicy(policy: object): Promise<void> {
    const path = `/v1/tenants/${this.who.tenantId}/policy`
    must(await this.#stage.call('PUT', path, policy), 200)
  }

  async #expire({ id, tenantId }: Connection): Promise<void> {
    const past = "now() - interval '1 second'"
    for (const change of [
      `credentials set expires_at = ${past}`,
      `refresh_schedule set refresh_at = ${past}`,
    ]) {
      const statement = `update ${change} where tenant_id = $1 and connection_id = $2`
      await this.#stage.database.query(statement, [tenantId, id])
    }
  }

  async #connectByKey(options: HeldOptions): Promise<Held> {
    const { value } = await this.#stage.sandbox.control.issuePersonalAccessToken({
      username: 'ada',
    })
    const { tenantId = this.who.tenantId, userId = this.who.userId, name } = options
    const body = {
      ...{ tenantId, userId, provider: 'gitlab', host: this.host, name },
      credential: { type: 'api_key', value },
    }
    const answer = await this.#stage.call<Connection>('POST', '/v1/connections', body)
    return { connection: must(answer, 201), credential: value }
  }

  async #connectByConsent(options: HeldOptions): Promise<Held> {
    const { tenantId = this.who.tenantId, userId = this.who.userId, name, scopes } = options
    const session = scopes === undefined ? {} : { scopes: { gitlab: { required: scopes } } }
    const flow = name === undefined ? {} : { connectionName: name }
    const { connection } = await this.#stage.connect({ who: { tenantId, userId }, session, flow })
    if (connection === null) throw new Error('it was not connected')
    const held = { connection, credential: '' }
    await this.#update(held)
    return held
  }

  async #update(held: Held): Promise<void> {
    const answer: ReadCredentialAnswer = must(await this.#read(held), 200)
    if (answer.unchanged) throw new Error('the engine answered no credential')
    held.credential = answer.credential
    held.connection.generation = answer.generation
  }

  #read({ connection }: Held, query: { minGeneration?: number } = {}) {
    const { tenantId, userId, name } = connection
    return this.#stage.call<ReadCredentialAnswer>('POST', '/v1/credentials', {
      ...{ provider: 'gitlab', tenantId, userId, connectionName: name },
      ...query,
    })
  }
}

async function bodyOf(request: Request): Promise<Record<string, unknown>> {
  const text = await request.clone().text()
  return text === '' ? {} : JSON.parse(text)
}

/** An answer, unless the caller gives up first, as `fetch` has it. */
async function answered(work: Promise<Response>, signal: AbortSignal): Promise<Response> {
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
