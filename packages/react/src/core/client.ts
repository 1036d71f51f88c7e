import type { Connection } from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import { type Connect, createConnect } from './connect.ts'
import { type Connections, createConnections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { finish, type LeftFlow, takeReturn } from './return.ts'
import { createSessions, type FetchSession } from './sessions.ts'
import { type ConnectTarget, findConnection } from './target.ts'

export interface ClientOptions {
  /** Where the app's backend mounts `connectHandler`. Default: `/api/keywell`. */
  endpoint?: string | undefined
  /** Gets a connect session by your own means, instead of `POST {endpoint}/session`. */
  fetchSession?: FetchSession | undefined
  /** `fragment` for apps whose session is no cookie: the finish ticket then comes to a page of theirs. */
  returnMode?: 'query' | 'fragment' | undefined
  /**
   * For calls to the app's backend, so that an app without cookies can add its authentication. Calls to
   * the service never pass through it.
   */
  fetch?: Fetch | undefined
  /** Default: the browser's. */
  window?: BrowserWindow | undefined
  /** What failed and belongs to no button: confirming a fragment return. */
  onError?: ((error: ConnectError) => void) | undefined
}

/** Talks to the app's backend and the service, for one page. */
export interface KeywellClient {
  readonly connections: Connections
  /** The controller of one button. */
  connect(target: ConnectTarget): Connect
  /** The connection that a target means, as far as it is known. */
  find(target: ConnectTarget): Connection | undefined
  /**
   * Takes up what the URL brings back from a connect, and removes it there. Call it once the page is in a
   * browser; more calls do nothing.
   */
  takeReturn(): void
}

/** Makes the client of a page. It does nothing yet, so that it may be made on a server, and twice. */
export function createKeywellClient(options: ClientOptions = {}): KeywellClient {
  const { returnMode, fetchSession = postSession } = options
  const endpoint = (options.endpoint ?? '/api/keywell').replace(/\/$/, '')
  // Read late: a server has no window, and `fetch` may be patched after us.
  const window = (): BrowserWindow => options.window ?? globalThis.window
  const fetch: Fetch = (url, init) => (options.fetch ?? window().fetch)(url, init)
  const connections = createConnections({ window, fetch, url: `${endpoint}/connections` })
  const sessions = createSessions((connectionId) => fetchSession({ connectionId, returnMode }))
  let looked = false
  let left: LeftFlow | undefined

  function postSession(body: Parameters<FetchSession>[0]): ReturnType<FetchSession> {
    return call(fetch, `${endpoint}/session`, { method: 'POST', body })
  }

  function lookAtUrl(): void {
    if (looked) return
    looked = true
    const returned = takeReturn(window())
    left = returned.left
    const { parameters } = returned
    if (parameters.ticket === undefined) return
    finish(window(), fetch, `${endpoint}/finish`, parameters).catch((thrown: unknown) => {
      options.onError?.(asConnectError(thrown))
    })
  }

  // A button's effect runs before that of the provider around it, so each may be the first to look.
  function takeLeftFlow(targetKey: string): LeftFlow | undefined {
    lookAtUrl()
    if (left?.target !== targetKey) return undefined
    const flow = left
    left = undefined
    return flow
  }

  return {
    connections,
    connect: (target) => createConnect({ window, sessions, connections, takeLeftFlow }, target),
    find: (target) => findConnection(connections.getSnapshot().connections, target),
    takeReturn: lookAtUrl,
  }
}
