import {
  type CheckHost,
  type Connection,
  type ConnectOptions,
  type CreateFlow,
  connectionSchema,
  createFlowSchema,
  type Flow,
  flowSchema,
  KeywellError,
  makeId,
  type ProviderBrand,
} from '@keywell/protocol'
import { type Browser, createBrowser } from './browser.ts'

export const serviceUrl = 'https://keywell.example'
export const connectToken = 'eyJ.connect-token.marked-secret'
export const startCode = 'start-code-marked-secret'

/**
 * The app's backend and the service, as hand-made answers: for what the real ones cannot be made to do, such
 * as an outage, a proxy that stops streams, or a state at an instant that a test chooses. Each answer is
 * compared with the table of routes (see `Browser.faults`), and each event and connection is parsed by its
 * schema, so that a stand-in that differs from the service fails its test.
 */
export interface StandIn {
  readonly browser: Browser
  readonly flowRequests: CreateFlow[]
  /** Answer of `GET connections`. */
  connections: Connection[]
  /** In the same answer, of those that it is asked for. */
  brands: Record<string, ProviderBrand>
  /** Answer of `GET /connect/providers`. */
  providers: ConnectOptions['providers']
  places: ConnectOptions['places']
  /** Each is ready. */
  readonly hostChecks: CheckHost[]
  /** Whether the service sends server-sent events; else `GET flow` returns JSON only. */
  streams: boolean
  /** Changes the newest flow. `silent`: open streams do not get it. */
  move(change: Partial<Flow>, options?: { silent?: boolean }): void
  /** Writes raw text into the open streams. */
  write(text: string): void
  readonly lastFlow: Flow
}

let made = 0
const id = <Kind extends Parameters<typeof makeId>[0]>(kind: Kind) => {
  made += 1
  return makeId(kind, new Uint8Array(10).fill(made), 1_800_000_000_000 + made)
}

export function makeConnection(change: Partial<Connection> = {}): Connection {
  return connectionSchema.parse({
    id: id('connection'),
    tenantId: 'org_acme',
    userId: 'user_123',
    provider: 'gitlab',
    host: 'https://gitlab.com',
    name: 'default',
    method: 'oauth',
    status: 'active',
    needsReauth: false,
    reason: null,
    health: { status: 'ok', reason: null, checkedAt: null },
    account: { id: '7', name: 'Ada Lovelace', username: 'ada', avatarUrl: null },
    scopes: ['read_api'],
    missingScopes: [],
    renewable: true,
    endsAt: null,
    refreshExpiresAt: null,
    generation: 1,
    lastUsedAt: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  })
}

export function makeProvider(name: string, title: string): ConnectOptions['providers'][number] {
  const defaultHost = `https://${name}.com`
  const nothing = { hosts: [], methods: [], scopes: [], scopeGroups: [], scopePresets: [] }
  return { name, title, mark: null, defaultHost, ...nothing }
}

const expiresAt = '2026-01-01T00:10:00.000Z'

export function createStandIn(): StandIn {
  const flows = new Map<string, Flow>()
  const streams = new Set<{ flowId: string; controller: ReadableStreamDefaultController }>()
  const encoder = new TextEncoder()
  let newest: Flow | undefined

  const standIn: StandIn = {
    browser: createBrowser((request) => answer(request)),
    flowRequests: [],
    connections: [],
    brands: { gitlab: { title: 'GitLab', mark: { color: '#fc6d26', path: 'M0 0h24v24z' } } },
    providers: [makeProvider('gitlab', 'GitLab')],
    places: {},
    hostChecks: [],
    streams: true,
    move(change, { silent = false } = {}) {
      const flow = keep({ ...standIn.lastFlow, ...change })
      const { connection, flowId } = flow
      if (connection) {
        const others = standIn.connections.filter((one) => one.id !== connection.id)
        standIn.connections = [...others, connection]
      }
      for (const stream of streams) {
        if (!silent && stream.flowId === flowId) sendEvent(stream.controller, flow)
      }
    },
    write(text) {
      for (const { controller } of streams) controller.enqueue(encoder.encode(text))
    },
    get lastFlow() {
      if (newest === undefined) throw new Error('No flow was made.')
      return newest
    },
  }

  function keep(changed: Flow): Flow {
    const flow = flowSchema.parse(changed)
    newest = flow
    flows.set(flow.flowId, flow)
    return flow
  }

  function sendEvent(controller: ReadableStreamDefaultController, flow: Flow): void {
    controller.enqueue(encoder.encode(`event: flow\ndata: ${JSON.stringify(flow)}\n\n`))
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname, origin } = new URL(request.url)
    if (origin !== serviceUrl) return answerAsApp(request, pathname)
    const isAuthorized = request.headers.get('authorization') === `Bearer ${connectToken}`
    return isAuthorized ? answerAsService(request, pathname) : problem('unauthorized')
  }

  async function answerAsApp({ method, url }: Request, pathname: string): Promise<Response> {
    if (method === 'POST') {
      const session = { sessionId: id('session'), connectToken, serviceUrl, expiresAt }
      return Response.json(session, { status: 201 })
    }
    if (method === 'GET') {
      const { connections, brands } = standIn
      const asked = new URL(url).searchParams.get('brands')?.split(',') ?? []
      const named = asked.flatMap((name) => (brands[name] ? [[name, brands[name]]] : []))
      return Response.json({ connections, nextCursor: null, brands: Object.fromEntries(named) })
    }
    const connection = standIn.connections.find((one) => pathname.endsWith(one.id))
    if (connection === undefined) return problem('not_found')
    standIn.connections = standIn.connections.filter((one) => one !== connection)
    return Response.json({ connection, upstream: 'revoked', manualUrl: null })
  }

  async function answerAsService(request: Request, pathname: string): Promise<Response> {
    if (pathname === '/connect/providers') {
      const withTools = new URL(request.url).searchParams.get('tools') === 'true'
      const tools = withTools ? { tools: [] } : {}
      return Response.json({
        providers: standIn.providers.map((provider) => ({ ...tools, ...provider })),
        places: standIn.places,
      })
    }
    if (pathname === '/connect/hosts') {
      const check: CheckHost = await request.json()
      standIn.hostChecks.push(check)
      const host = `https://${check.host}.${check.provider}.example`
      const found = { status: 'ready', methods: ['key'], nextStep: null, registration: null }
      return Response.json({ host, ...found })
    }
    if (request.method === 'POST') {
      standIn.flowRequests.push(createFlowSchema.parse(await request.json()))
      const { flowId } = keep({
        flowId: id('flow'),
        status: 'created',
        error: null,
        connection: null,
      })
      const startUrl = `${serviceUrl}/connect/start`
      return Response.json({ flowId, startCode, startUrl, expiresAt }, { status: 201 })
    }
    const flow = flows.get(pathname.split('/').at(-1) ?? '')
    if (flow === undefined) return problem('not_found')
    if (request.method === 'DELETE') {
      const isOpen = ['created', 'started', 'confirming'].includes(flow.status)
      return Response.json(isOpen ? keep({ ...flow, status: 'cancelled' }) : flow)
    }
    const wantsEvents = request.headers.get('accept') === 'text/event-stream'
    return wantsEvents && standIn.streams ? stream(flow) : Response.json(flow)
  }

  function stream(flow: Flow): Response {
    let entry: { flowId: string; controller: ReadableStreamDefaultController }
    const body = new ReadableStream({
      start(controller) {
        entry = { flowId: flow.flowId, controller }
        streams.add(entry)
        sendEvent(controller, flow)
      },
      cancel() {
        streams.delete(entry)
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  return standIn
}

function problem(code: 'not_found' | 'unauthorized'): Response {
  const error = new KeywellError(code, 'By the stand-in.')
  const headers = { 'content-type': 'application/problem+json' }
  return Response.json(error.toProblem(), { status: error.status, headers })
}
