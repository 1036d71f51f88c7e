import type { Connection, ProviderBrand } from '@keywell/protocol'
import { own } from '../own.ts'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { type Connect, createConnect } from './connect.ts'
import { type Connections, createConnections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { loadAttempts } from './late-attempts.ts'
import type { ServiceRequest } from './request.ts'
import { type Returned, readReturn } from './return.ts'
import type { FetchSession, SessionSource } from './sessions.ts'
import type { ConnectTarget } from './target.ts'

export interface ClientOptions {
  /** Where the app's backend mounts `connectHandler`. Default: `/api/keywell`. */
  endpoint?: string | undefined
  /** Gets a connect session. Default: `POST {endpoint}/session`. */
  fetchSession?: FetchSession | undefined
  /** `fragment` for apps whose session is no cookie: the finish ticket then comes to a page of theirs. */
  returnMode?: 'query' | 'fragment' | undefined
  /**
   * For calls to the app's backend, so that an app without cookies can add its authentication. It is not
   * used for calls to the service. Default: the window's.
   */
  fetch?: Fetch | undefined
  /** For tests. Default: the browser's. */
  window?: BrowserWindow | undefined
  /** Receives an error that belongs to no button: a fragment return could not be confirmed. */
  onError?: ((error: ConnectError) => void) | undefined
}

/** Talks to the app's backend and the service, for one page. */
export interface KeywellClient {
  readonly connections: Connections
  /** The controller of one button. */
  connect(target: ConnectTarget): Connect
  /** The connection of a target; undefined when there is none, and before the list is read. */
  find(target: ConnectTarget): Connection | undefined
  /** How people know a provider that the page shows; undefined before the list of connections is read. */
  brand(name: string): ProviderBrand | undefined
  /**
   * Calls the service, in the session that is prepared for the next click and left for it. For the functions of this
   * package that take a client.
   *
   * @throws ConnectError
   */
  request<Answer>(path: string, request: ServiceRequest): Promise<Answer>
  /**
   * Processes the parameters that a connect attempt left in the URL, and removes them. Call it once the page
   * runs in a browser; further calls do nothing.
   */
  takeReturn(): void
}

/** Creates the client of a page. It has no effect until it is used, so a server may create one, too. */
export function createKeywellClient(options: ClientOptions = {}): KeywellClient {
  const { returnMode, fetchSession = postSession } = options
  const endpoint = (options.endpoint ?? '/api/keywell').replace(/\/$/, '')
  // Read late: a server has no window, and `fetch` may be patched after us.
  const window = (): BrowserWindow => options.window ?? globalThis.window
  const fetch: Fetch = (url, init) => (options.fetch ?? window().fetch)(url, init)
  const connections = createConnections({ window, fetch, url: `${endpoint}/connections` })
  const sessions: SessionSource = {
    fetchSession: (connectionId) => fetchSession({ connectionId, returnMode }),
    prefetched: new Map(),
  }
  let returned: Returned | undefined

  function postSession(body: Parameters<FetchSession>[0]): ReturnType<FetchSession> {
    return call(fetch, `${endpoint}/session`, { method: 'POST', body })
  }

  // A button's effect runs before that of the provider around it, so each of them may read the URL first.
  function takeReturn(): Returned {
    if (returned) return returned
    const parameters = readReturn(window())
    // With a ticket the flow stays stored: once it is confirmed, the browser goes on to the page of the button.
    returned = { flowId: parameters.ticket ? undefined : parameters.flow }
    if (parameters.ticket)
      // Of apps without cookies alone, and there of the page that a flow returns to.
      import('./finish.ts')
        .then(({ finish }) => finish(window(), fetch, `${endpoint}/finish`, parameters))
        .catch((thrown: unknown) => options.onError?.(asConnectError(thrown)))
    return returned
  }

  const parts = { window, sessions, connections, returned: takeReturn }
  return {
    connections,
    connect: (target) => createConnect(parts, target),
    request: (path, options) => loadAttempts().then(({ request }) => request(parts, path, options)),
    find: connections.find,
    brand: (name) => own(connections.getSnapshot().brands, name),
    takeReturn,
  }
}
