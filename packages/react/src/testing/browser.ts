import { type ErrorCode, KeywellError, nameOf, type Route, routes } from '@keywell/protocol'
import { faultsIn } from '../../../../test/support/contract.ts'
import type { BrowserWindow } from '../core/call.ts'

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

/** jsdom's window, with the parts of a browser that it lacks: popups, forms that are posted, `fetch`. */
export interface Browser {
  /** For `options.window`. */
  readonly window: BrowserWindow
  /** `METHOD path`, in the order of arrival; with another origin than the page's, `METHOD url`. */
  readonly calls: string[]
  readonly requests: Request[]
  readonly popups: PopupWindow[]
  /** Arguments of `window.open`. */
  readonly opened: { url: string; name: string; features: string }[]
  readonly forms: SubmittedForm[]
  /** By the beginning of `METHOD path`: what is answered in place of the server. */
  readonly failures: Map<string, ErrorCode | 'network' | 'html'>
  /** Event streams that the page reads. */
  readonly openStreams: number
  /** `null`: `window.open` returns null; `closed`: it returns a window that is closed at once. */
  blockPopups: 'null' | 'closed' | undefined
  touch: boolean
  /** Answers that do not fit the table of routes. A test expects none. */
  readonly faults: string[]
}

/** @param answer the servers behind `fetch` */
export function createBrowser(answer: (request: Request) => Promise<Response>): Browser {
  const streams = new Set<Response>()
  const browser: Browser = {
    window: withWindow({
      fetch: async (url: string, { signal, ...init }: RequestInit = {}) => {
        signal?.throwIfAborted()
        // Without the signal: Node's Request does not accept jsdom's.
        const request = new Request(new URL(url, window.location.href), init)
        return send(request, signal ?? undefined)
      },
      open: (url: string, name: string, features: string) => {
        if (browser.blockPopups === 'null') return null
        browser.opened.push({ url, name, features })
        const popup = openPopup(browser.blockPopups === 'closed')
        browser.popups.push(popup)
        return popup
      },
      matchMedia: () => ({ matches: browser.touch }),
    }),
    calls: [],
    requests: [],
    popups: [],
    opened: [],
    forms: [],
    failures: new Map(),
    get openStreams() {
      return streams.size
    },
    blockPopups: undefined,
    touch: false,
    faults: [],
  }
  HTMLFormElement.prototype.submit = function submit() {
    const { method, action, target } = this
    const fields = [...new FormData(this)].map(([name, value]) => [name, `${value}`])
    browser.forms.push({ method, action, target, fields: Object.fromEntries(fields) })
  }
  addDialogs()

  async function send(request: Request, signal: AbortSignal | undefined): Promise<Response> {
    const { origin, pathname } = new URL(request.url)
    const path = origin === window.location.origin ? pathname : origin + pathname
    const name = `${request.method} ${path}`
    browser.calls.push(name)
    browser.requests.push(request.clone())
    const [, failure] = [...browser.failures].find(([begin]) => name.startsWith(begin)) ?? []
    if (failure === 'network') throw new TypeError('Failed to fetch')
    if (failure === 'html') return htmlError()
    const response = failure ? errorOf(failure) : await answer(request)
    if (signal?.aborted) {
      await response.body?.cancel()
      throw signal.reason
    }
    // The app's own events are no answer of the service.
    if (!/\/connections\/events$/.test(pathname)) {
      const route = routeOf(request)
      const faults = await faultsIn(route, response)
      browser.faults.push(...faults.map((fault) => `${nameOf(route)}: ${fault}`))
    }
    return isStream(response) ? followed(response, signal, streams) : response
  }

  return browser
}

/** What the page has asked of the service so far, attempt by attempt. */
export function flowsOf({ requests }: Browser): Promise<Record<string, unknown>[]> {
  const flows = requests.filter(
    ({ method, url }) => method === 'POST' && url.endsWith('/connect/flows'),
  )
  return Promise.all(flows.map((request) => request.clone().json()))
}

function withWindow(own: Record<string, unknown>): BrowserWindow {
  return new Proxy(window, {
    get(target, key) {
      if (typeof key === 'string' && Object.hasOwn(own, key)) return own[key]
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as BrowserWindow
}

/** Modal dialogs open and close, and give the focus back. What else they do is tested in a real browser. */
function addDialogs(): void {
  const openers = new WeakMap<HTMLDialogElement, Element | null>()
  HTMLDialogElement.prototype.showModal = function showModal() {
    openers.set(this, document.activeElement)
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close() {
    if (!this.open) return
    this.open = false
    const opener = openers.get(this)
    if (opener instanceof HTMLElement) opener.focus()
    queueMicrotask(() => this.dispatchEvent(new Event('close')))
  }
}

function openPopup(closed: boolean): PopupWindow & { close(): void; focus(): void } {
  return {
    closed,
    focused: 0,
    document: { title: '', body: { textContent: '' } },
    close() {
      this.closed = true
    },
    focus() {
      this.focused += 1
    },
  }
}

/** The routes that a page reaches, of the service or through the app's `connectHandler`. */
const reached: readonly [method: string, path: RegExp, route: Route][] = [
  ['POST', /\/session$/, routes.sessions.create],
  ['POST', /\/finish$/, routes.sessions.confirm],
  ['GET', /\/connections$/, routes.connections.list],
  ['DELETE', /\/connections\/[^/]+$/, routes.connections.disconnect],
  ['POST', /\/connect\/flows$/, routes.flows.create],
  ['POST', /\/connect\/hosts$/, routes.flows.checkHost],
  ['GET', /\/connect\/flows\/[^/]+$/, routes.flows.get],
  ['DELETE', /\/connect\/flows\/[^/]+$/, routes.flows.cancel],
  ['GET', /\/connect\/providers$/, routes.flows.options],
]

function routeOf({ method, url }: Request): Route {
  const { pathname } = new URL(url)
  const row = reached.find(([verb, path]) => verb === method && path.test(pathname))
  if (row === undefined) throw new Error(`A page does not call ${method} ${pathname}.`)
  return row[2]
}

function errorOf(code: ErrorCode): Response {
  const error = new KeywellError(code, `Planted: ${code}.`, { requestId: 'req_1' })
  const headers = { 'content-type': 'application/problem+json' }
  return Response.json(error.toProblem(), { status: error.status, headers })
}

/** As of a proxy. */
function htmlError(): Response {
  const headers = { 'content-type': 'text/html' }
  return new Response('<h1>Bad gateway</h1>', { status: 502, headers })
}

function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false
}

/** The response, read until the signal, as `fetch` does; counted in `streams` while it is open. */
function followed(
  response: Response,
  signal: AbortSignal | undefined,
  streams: Set<Response>,
): Response {
  const reader = response.body?.getReader()
  streams.add(response)
  const body = new ReadableStream({
    start(controller) {
      signal?.addEventListener('abort', () => {
        streams.delete(response)
        controller.error(signal.reason)
        void reader?.cancel()
      })
    },
    async pull(controller) {
      const read = await reader?.read()
      if (signal?.aborted) return
      if (read?.value !== undefined) controller.enqueue(read.value)
      else if (streams.delete(response)) controller.close()
    },
  })
  return new Response(body, response)
}
