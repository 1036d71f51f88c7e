import type { Connection, ConnectionId, ProviderBrand } from '@keywell/protocol'
import { own } from '../own.ts'
import { type BrowserWindow, type Call, call, type Fetch } from './call.ts'
import { type Connect, createConnect } from './connect.ts'
import { type Connections, createConnections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { finish } from './finish.ts'
import { createProviders, type ProviderOptions } from './providers.ts'
import { type PendingRedirect, takeReturn } from './return.ts'
import { createSessions, type FetchSession } from './sessions.ts'
import { type ConnectTarget, findConnection } from './target.ts'

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
  /**
   * What the user may connect: providers with their titles, hosts and scopes. It is read once, in a session that is
   * left for the next click.
   *
   * @throws ConnectError
   */
  readProviders(): Promise<readonly ProviderOptions[]>
  /** What the service says of a provider; undefined before the page's first session. */
  provider(name: string): ProviderOptions | undefined
  /** How people know a provider; undefined before the list of connections, or a session, is read. */
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

export interface ServiceRequest extends Pick<Call, 'method' | 'body'> {
  /** The connection that the session is to reconnect. */
  readonly connectionId?: ConnectionId | undefined
}

/** Creates the client of a page. It has no effect until it is used, so a server may create one, too. */
export function createKeywellClient(options: ClientOptions = {}): KeywellClient {
  const { returnMode, fetchSession = postSession } = options
  const endpoint = (options.endpoint ?? '/api/keywell').replace(/\/$/, '')
  // Read late: a server has no window, and `fetch` may be patched after us.
  const window = (): BrowserWindow => options.window ?? globalThis.window
  const fetch: Fetch = (url, init) => (options.fetch ?? window().fetch)(url, init)
  const connections = createConnections({ window, fetch, url: `${endpoint}/connections` })
  const providers = createProviders(window)
  const sessions = createSessions(async (connectionId) => {
    const session = await fetchSession({ connectionId, returnMode })
    // A failure costs the titles only.
    providers.read(session).catch(() => undefined)
    return session
  })
  let isUrlRead = false
  let pending: PendingRedirect | undefined

  function postSession(body: Parameters<FetchSession>[0]): ReturnType<FetchSession> {
    return call(fetch, `${endpoint}/session`, { method: 'POST', body })
  }

  function readUrl(): void {
    if (isUrlRead) return
    isUrlRead = true
    const returned = takeReturn(window())
    pending = returned.pending
    const { parameters } = returned
    if (parameters.ticket === undefined) return
    finish(window(), fetch, `${endpoint}/finish`, parameters)
      .catch((thrown: unknown) => options.onError?.(asConnectError(thrown)))
      // A popup closes, since its opener asks the service; a tab that the user opened stays.
      .finally(() => window().close())
  }

  // A button's effect runs before that of the provider around it, so each of them may read the URL first.
  function takeRedirect(targetKey: string): PendingRedirect | undefined {
    readUrl()
    if (pending?.target !== targetKey) return undefined
    const flow = pending
    pending = undefined
    return flow
  }

  return {
    connections,
    connect: (target) => createConnect({ window, sessions, connections, takeRedirect }, target),
    async request(path, { connectionId, ...request }) {
      const { serviceUrl, connectToken: token } = await sessions.prepare(connectionId)
      return call(window().fetch, serviceUrl + path, { ...request, token })
    },
    find: (target) => findConnection(connections.getSnapshot().connections, target),
    readProviders: async () => providers.read(await sessions.prepare(undefined)),
    provider: providers.find,
    brand: (name) => own(connections.getSnapshot().brands, name) ?? providers.find(name),
    takeReturn: readUrl,
  }
}
