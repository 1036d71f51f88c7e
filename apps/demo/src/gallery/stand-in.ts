import type {
  Connection,
  ConnectOptions,
  DisconnectAnswer,
  ErrorCode,
  Flow,
  HostCheck,
  Problem,
} from '@keywell/protocol'
import type { KeywellProviderProps } from '@keywell/react'
import { brand, flow, session } from './fixtures.ts'

/** What the backend and the service answer in one section. `never`: the answer stays on its way. */
export interface Answers {
  /** Default: none. */
  readonly connections?: readonly Connection[] | 'never' | ErrorCode
  /** What becomes of a connection that the user removes. Default: the service does not answer. */
  readonly removal?: DisconnectAnswer
  /** What the session may connect. Default: nothing. */
  readonly providers?: ConnectOptions['providers']
  /** What makes the addresses of providers. Default: nothing but the whole address. */
  readonly places?: ConnectOptions['places']
  /** Default: one that is good. */
  readonly session?: 'never' | ErrorCode
  /** What becomes of an attempt. Default: the user is at the provider. */
  readonly flow?: Partial<Flow>
  /** What the browser does with the popup. Default: it opens. */
  readonly popup?: 'blocked' | 'closed'
  readonly host?: HostCheck | 'never' | ErrorCode
}

type BrowserWindow = NonNullable<KeywellProviderProps['window']>

/**
 * The browser's window for one section: its `fetch` answers from fixtures and its popups are none, so that the real
 * components reach their states by what a person does, without a service.
 */
export function standIn(answers: Answers): BrowserWindow {
  const own: Readonly<Record<string, unknown>> = {
    fetch: async (url: string, init: RequestInit = {}) => answer(answers, url, init),
    open: () => popupOf(answers),
    document: withoutForms(),
    // Pictures of a phone show the popup's states, too.
    matchMedia: () => ({ matches: false }),
    // The kit looks at its popup twice a second; nobody waits for that here.
    setInterval: (look: () => void) => window.setInterval(look, 20),
  }
  return over(window, own) as BrowserWindow
}

async function answer(answers: Answers, url: string, init: RequestInit): Promise<Response> {
  const { pathname, searchParams } = new URL(url, window.location.href)
  const { method = 'GET' } = init
  if (pathname.endsWith('/events')) return stream()
  if (pathname.endsWith('/session')) return given(answers.session ?? session)
  if (pathname.endsWith('/connect/hosts')) return given(answers.host)
  if (pathname.endsWith('/connect/providers')) {
    return Response.json({ providers: answers.providers ?? [], places: answers.places ?? {} })
  }
  if (pathname.endsWith('/connections')) {
    return listed(answers.connections ?? [], Number(searchParams.get('cursor')))
  }
  if (pathname.includes('/connections/') && method === 'DELETE') {
    return given(answers.removal ?? 'unavailable')
  }
  const begun = { ...flow, ...answers.flow }
  if (method === 'POST') {
    const startUrl = `${session.serviceUrl}/connect/start`
    return Response.json({ ...begun, startCode: 'gallery', startUrl, expiresAt: session.expiresAt })
  }
  const wantsEvents = new Headers(init.headers).get('accept') === 'text/event-stream'
  return wantsEvents ? stream(begun) : Response.json(begun)
}

/** As many as a page of the API has; the cursor is the place of the first. */
const pageLength = 100

function listed(
  connections: NonNullable<Answers['connections']>,
  from: number,
): Promise<Response> | Response {
  if (typeof connections === 'string') return given(connections)
  const to = from + pageLength
  const nextCursor = to < connections.length ? String(to) : null
  const page = connections.slice(from, to)
  return Response.json({ connections: page, nextCursor, brands: { gitlab: brand } })
}

/** A fixture, an error by its code, or nothing ever. */
function given(fixture: unknown): Promise<Response> | Response {
  if (fixture === 'never') return new Promise(() => {})
  if (typeof fixture !== 'string') return Response.json(fixture)
  const problem: Partial<Problem> = {
    // A fixture that is a text is an error's code.
    code: fixture as ErrorCode,
    detail: 'As the gallery says.',
    requestId: 'req_01K9ZQ7V5T3H8M2N4P6R0S0001' as NonNullable<Problem['requestId']>,
  }
  return Response.json(problem, { status: 503 })
}

/** Server-sent events that do not end. */
function stream(data?: unknown): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (data === undefined) return
      controller.enqueue(new TextEncoder().encode(`event: flow\ndata: ${JSON.stringify(data)}\n\n`))
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

function popupOf({ popup }: Answers): unknown {
  if (popup === 'blocked') return null
  const opened = { closed: false, focus() {}, close() {}, document: { title: '', body: {} } }
  // Closed by its user, a moment after it opened.
  if (popup === 'closed') setTimeout(() => Object.assign(opened, { closed: true }))
  return opened
}

/** The start form goes nowhere: there is no window to post it into. */
function withoutForms(): Document {
  return over(document, {
    createElement(name: string) {
      const element = document.createElement(name)
      if (element instanceof HTMLFormElement) element.submit = () => {}
      return element
    },
  }) as Document
}

/** An object of the browser with some of its members replaced; its own methods still find it. */
function over(target: object, own: Readonly<Record<string, unknown>>): unknown {
  return new Proxy(target, {
    get(_, key) {
      if (typeof key === 'string' && Object.hasOwn(own, key)) return own[key]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
