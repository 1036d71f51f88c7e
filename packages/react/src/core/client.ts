import type { Connection, SessionAnswer } from '@keywell/protocol'
import { type Browser, call } from './call.ts'
import { Connect } from './connect.ts'
import { Connections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { finishReturn, type LeftFlow, takeReturn } from './return.ts'
import { type SessionRequest, Sessions } from './sessions.ts'

import { type ConnectTarget, findConnection } from './target.ts'

export interface ClientOptions {
  /** Where the app's backend mounts `connectHandler`; `/api/keywell` unless told. */
  endpoint?: string | undefined
  /** Gets a connect session by your own means, instead of `POST {endpoint}/session`. */
  fetchSession?: ((request: SessionRequest) => Promise<SessionAnswer>) | undefined
  /** `fragment` for apps whose session is no cookie: the finish ticket then comes to a page of theirs. */
  returnMode?: 'query' | 'fragment' | undefined
  /** For apps that add their own authentication to calls of their backend. The browser's unless told. */
  fetch?: typeof fetch | undefined
  /** The browser's unless told. */
  window?: (Window & typeof globalThis) | undefined
  /** What failed and belongs to no button: confirming a fragment return. */
  onError?: ((error: ConnectError) => void) | undefined
}

/**
 * Talks to the app's backend and the service for one page. Making one does nothing yet, so that it may
 * be made on a server, and twice.
 */
export class KeywellClient {
  /** The user's connections, as a store. */
  readonly connections: Connections
  readonly #endpoint: string
  readonly #browser: Browser
  readonly #sessions: Sessions
  readonly #onError: ((error: ConnectError) => void) | undefined
  #returned: { flow: LeftFlow | undefined } | undefined

  constructor(options: ClientOptions) {
    const { endpoint = '/api/keywell', returnMode, fetchSession } = options
    // Read late: on a server there is no window, and `fetch` may be patched after us.
    const window = (): Window & typeof globalThis => options.window ?? globalThis.window
    const fetch: typeof globalThis.fetch = (url, init) =>
      (options.fetch ?? window().fetch.bind(window()))(url, init)
    this.#browser = { fetch, window }
    this.#endpoint = endpoint.replace(/\/+$/, '')
    this.#onError = options.onError
    this.connections = new Connections(this.#browser, this.#endpoint)
    this.#sessions = new Sessions(this.#browser, (request) =>
      fetchSession === undefined
        ? call(this.#browser, `${this.#endpoint}/session`, {
            method: 'POST',
            body: { ...request, returnMode },
          })
        : fetchSession({ ...request, returnMode }),
    )
  }

  /** The controller of one button. */
  connect(target: ConnectTarget): Connect {
    return new Connect(
      {
        browser: this.#browser,
        sessions: this.#sessions,
        connections: this.connections,
        takeLeftFlow: (key) => this.#takeLeftFlow(key),
      },
      target,
    )
  }

  /** The connection that a target means, as far as it is known. */
  find(target: ConnectTarget): Connection | undefined {
    return findConnection(this.connections.getSnapshot().connections, target)
  }

  /**
   * Takes up what the URL brings back from a connect, and removes it there. Call it once the page is in a
   * browser; more calls do nothing.
   */
  takeReturn(): void {
    if (this.#returned !== undefined) return
    const { flow, ticket } = takeReturn(this.#browser.window())
    this.#returned = { flow }
    if (ticket === undefined) return
    finishReturn(this.#browser, this.#endpoint, ticket).catch((thrown: unknown) => {
      this.#onError?.(asConnectError(thrown))
    })
  }

  // A button's effect runs before that of the provider around it, so each may be the first to look.
  #takeLeftFlow(key: string): LeftFlow | undefined {
    this.takeReturn()
    const flow = this.#returned?.flow
    if (flow === undefined || flow.target !== key) return undefined
    this.#returned = { flow: undefined }
    return flow
  }
}

/** Makes the client of a page; see {@link KeywellClient}. */
export function createKeywellClient(options: ClientOptions = {}): KeywellClient {
  return new KeywellClient(options)
}
