import {
  type Connection,
  type CreateFlow,
  confirmAnswerSchema,
  connectionSchema,
  createFlowAnswerSchema,
  createFlowSchema,
  type ErrorCode,
  type Flow,
  flowSchema,
  KeywellError,
  makeId,
  sessionAnswerSchema,
} from '@keywell/protocol'
import type { BrowserWindow } from '../core/call.ts'

export const serviceUrl = 'https://keywell.example'
export const connectToken = 'eyJ.connect-token.marked-secret'
export const startCode = 'start-code-marked-secret'

/** A popup as far as a page can see it. */
export interface PopupWindow {
  closed: boolean
  focused: number
  document: { title: string; body: { textContent: string } }
}

export interface SubmittedForm {
  method: string
  action: string
  target: string
  fields: Record<string, string>
}

/**
 * What stands around the code under test: the app's backend and the service, at the edge of `fetch`, and
 * a window that opens popups. It speaks protocol's schemas, so a test breaks when the contract moves.
 */
export interface StandIn {
  /** For `options.window`. */
  readonly window: BrowserWindow
  /** `METHOD path`, in the order of arrival; paths of the service begin with its URL. */
  readonly calls: string[]
  readonly requests: Request[]
  readonly flowRequests: CreateFlow[]
  readonly popups: PopupWindow[]
  /** What `window.open` was called with. */
  readonly opened: { url: string; name: string; features: string }[]
  readonly forms: SubmittedForm[]
  /** What `GET connections` answers. */
  connections: Connection[]
  /** By `METHOD path` prefix: the next answers are this error. */
  readonly failures: Map<string, ErrorCode | 'network' | 'html'>
  /** `null`: `window.open` answers nothing; `closed`: a window that is closed at once. */
  blockPopups: 'null' | 'closed' | undefined
  touch: boolean
  /** Whether the service speaks server-sent events; else it answers `GET flow` with JSON only. */
  streams: boolean
  /** Moves the newest flow, as the service would. */
  move(change: Partial<Flow>, options?: { tell: boolean }): void
  /** Writes raw text into the open streams. */
  write(text: string): void
  readonly openStreams: number
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
    status: 'active',
    needsReauth: false,
    reason: null,
    health: { status: 'ok', reason: null, checkedAt: null },
    account: { id: '7', name: 'Ada Lovelace', username: 'ada', avatarUrl: null },
    scopes: ['read_api'],
    missingScopes: [],
    renewable: true,
    endsAt: null,
    generation: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  })
}

export function createStandIn(): StandIn {
  const flows = new Map<string, Flow>()
  const streams = new Set<{ flowId: string; controller: ReadableStreamDefaultController }>()
  const encoder = new TextEncoder()
  let newest: Flow | undefined

  const tell = (controller: ReadableStreamDefaultController, flow: Flow): void =>
    controller.enqueue(encoder.encode(`event: flow\ndata: ${JSON.stringify(flow)}\n\n`))

  const standIn: StandIn = {
    window: standInWindow(
      () => standIn,
      (request, signal) => answer(request, signal),
    ),
    calls: [],
    requests: [],
    flowRequests: [],
    popups: [],
    opened: [],
    forms: [],
    connections: [],
    failures: new Map(),
    blockPopups: undefined,
    touch: false,
    streams: true,
    move(change, options = { tell: true }) {
      const flow = flowSchema.parse({ ...standIn.lastFlow, ...change })
      newest = flow
      flows.set(flow.flowId, flow)
      const { connection } = flow
      if (connection) {
        const others = standIn.connections.filter((one) => one.id !== connection.id)
        standIn.connections = [...others, connection]
      }
      if (!options.tell) return
      for (const { flowId, controller } of streams) {
        if (flowId === flow.flowId) tell(controller, flow)
      }
    },
    write(text) {
      for (const { controller } of streams) controller.enqueue(encoder.encode(text))
    },
    get openStreams() {
      return streams.size
    },
    get lastFlow() {
      if (newest === undefined) throw new Error('No flow was made.')
      return newest
    },
  }

  async function answer(request: Request, signal: AbortSignal | undefined): Promise<Response> {
    const { pathname, origin } = new URL(request.url)
    const path = origin === serviceUrl ? `${serviceUrl}${pathname}` : pathname
    const call = `${request.method} ${path}`
    standIn.calls.push(call)
    standIn.requests.push(request.clone())
    for (const [prefix, failure] of standIn.failures) {
      if (call.startsWith(prefix)) return fail(failure)
    }
    if (origin === serviceUrl) {
      if (request.headers.get('authorization') !== `Bearer ${connectToken}`)
        return fail('unauthorized')
      return service(request, pathname, signal)
    }
    return app(request, call)
  }

  async function app(request: Request, call: string): Promise<Response> {
    if (call.endsWith('/session')) {
      const session = { sessionId: id('session'), connectToken, serviceUrl }
      const expiresAt = '2026-01-01T00:10:00.000Z'
      return Response.json(sessionAnswerSchema.parse({ ...session, expiresAt }), { status: 201 })
    }
    if (call.startsWith('GET '))
      return Response.json({ connections: standIn.connections, nextCursor: null })
    if (call.startsWith('DELETE ')) {
      const [connection] = standIn.connections.filter((one) => call.endsWith(one.id))
      standIn.connections = standIn.connections.filter((one) => one !== connection)
      return Response.json({ connection, upstream: 'revoked', manualUrl: null })
    }
    const { flow } = await request.json()
    const confirmed = { ...flows.get(flow), ...standIn.lastFlow, mode: 'popup', resumeUrl: null }
    return Response.json(confirmAnswerSchema.parse(confirmed))
  }

  async function service(
    request: Request,
    pathname: string,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    if (request.method === 'POST') {
      standIn.flowRequests.push(createFlowSchema.parse(await request.json()))
      const flowId = id('flow')
      newest = { flowId, status: 'created', error: null, connection: null }
      flows.set(flowId, newest)
      const startUrl = `${serviceUrl}/connect/start`
      const expiresAt = '2026-01-01T00:10:00.000Z'
      const made = createFlowAnswerSchema.parse({ flowId, startCode, startUrl, expiresAt })
      return Response.json(made, { status: 201 })
    }
    const flow = flows.get(pathname.split('/').at(-1) ?? '')
    if (flow === undefined) return fail('not_found')
    if (request.method === 'DELETE') {
      if (!['created', 'started', 'confirming'].includes(flow.status)) return Response.json(flow)
      const cancelled: Flow = { ...flow, status: 'cancelled' }
      flows.set(flow.flowId, cancelled)
      return Response.json(cancelled)
    }
    const wantsEvents = request.headers.get('accept') === 'text/event-stream'
    return wantsEvents && standIn.streams ? stream(flow, signal) : Response.json(flow)
  }

  function stream(flow: Flow, signal: AbortSignal | undefined): Response {
    const body = new ReadableStream({
      start(controller) {
        const entry = { flowId: flow.flowId, controller }
        streams.add(entry)
        tell(controller, flow)
        signal?.addEventListener('abort', () => {
          streams.delete(entry)
          controller.error(signal.reason)
        })
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }

  return standIn
}

function fail(failure: ErrorCode | 'network' | 'html'): Response {
  if (failure === 'network') throw new TypeError('Failed to fetch')
  if (failure === 'html') {
    return new Response('<h1>Bad gateway</h1>', {
      status: 502,
      headers: { 'content-type': 'text/html' },
    })
  }
  const error = new KeywellError(failure, `Stand-in says ${failure}.`, { requestId: 'req_1' })
  return Response.json(error.toProblem(), { status: error.status })
}

/** jsdom's window, with popups, forms and `fetch` of our own. */
function standInWindow(
  standIn: () => StandIn,
  answer: (request: Request, signal: AbortSignal | undefined) => Promise<Response>,
): BrowserWindow {
  const own: Partial<Record<keyof BrowserWindow, unknown>> = {
    fetch: async (url: string, { signal, ...init }: RequestInit = {}) => {
      signal?.throwIfAborted()
      // Without the signal: Node's Request does not know jsdom's.
      return answer(new Request(new URL(url, window.location.href), init), signal ?? undefined)
    },
    open: (url: string, name: string, features: string) => {
      if (standIn().blockPopups === 'null') return null
      standIn().opened.push({ url, name, features })
      const popup = {
        closed: standIn().blockPopups === 'closed',
        focused: 0,
        document: { title: '', body: { textContent: '' } },
        close: () => {
          popup.closed = true
        },
        focus: () => {
          popup.focused += 1
        },
      }
      standIn().popups.push(popup)
      return popup
    },
    matchMedia: () => ({ matches: standIn().touch }),
  }
  HTMLFormElement.prototype.submit = function submit() {
    const fields = Object.fromEntries(
      [...new FormData(this)].map(([name, value]) => [name, `${value}`]),
    )
    const { method, action, target } = this
    standIn().forms.push({ method, action, target, fields })
  }
  return new Proxy(window, {
    get(target, key) {
      if (Object.hasOwn(own, key)) return own[key as keyof BrowserWindow]
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as BrowserWindow
}
