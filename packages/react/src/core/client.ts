import type { CheckHost, Connection, HostCheck, routes } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { type Connect, createConnect } from './connect.ts'
import { type Connections, createConnections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { readScopeOptions, type ScopeOptions, type ScopeOptionsFor } from './options.ts'
import { createProviders, type ProviderOptions } from './providers.ts'
import { finish, type PendingRedirect, takeReturn } from './return.ts'
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
  /** Reads which providers and scopes the user may choose from, for a picker. @throws ConnectError */
  readScopeOptions(target?: ScopeOptionsFor): Promise<ScopeOptions[]>
  /**
   * What the user may connect: providers with their titles, hosts and scopes. It is read once, in a session that is
   * left for the next click.
   *
   * @throws ConnectError
   */
  readProviders(): Promise<readonly ProviderOptions[]>
  /** What the service says of a provider; undefined before the page's first session. */
  provider(name: string): ProviderOptions | undefined
  /**
   * Asks the service which instance of a provider a text means, and whether an account can be connected there.
   *
   * @throws ConnectError such as `host_not_allowed` for a text that is no address
   */
  checkHost(request: CheckHost): Promise<HostCheck>
  /**
   * Processes the parameters that a connect attempt left in the URL, and removes them. Call it once the page
   * runs in a browser; further calls do nothing.
   */
  takeReturn(): void
}

type HostsPath = (typeof routes.flows.checkHost)['path']

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
    finish(window(), fetch, `${endpoint}/finish`, parameters).catch((thrown: unknown) => {
      options.onError?.(asConnectError(thrown))
    })
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
    async checkHost(body) {
      const { connectToken: token, serviceUrl } = await sessions.prepare(undefined)
      const url = `${serviceUrl}/connect/hosts` satisfies `${string}${HostsPath}`
      return call(window().fetch, url, { method: 'POST', body, token })
    },
    find: (target) => findConnection(connections.getSnapshot().connections, target),
    readScopeOptions: (target = {}) => readScopeOptions(window, sessions, target),
    readProviders: async () => providers.read(await sessions.prepare(undefined)),
    provider: providers.find,
    takeReturn: readUrl,
  }
}
