import type { Connection, CreateFlow, CreateFlowAnswer } from '@keywell/protocol'
import { type Browser, call } from './call.ts'
import type { Connections } from './connections.ts'
import { asConnectError, ConnectError } from './error.ts'
import { openPopup, type Popup, postStartForm, prefersRedirect, watchWindow } from './popup.ts'
import { type LeftFlow, leave, resumeUrl } from './return.ts'
import type { SessionRequest, Sessions } from './sessions.ts'
import { type ConnectEvent, type ConnectState, isBusy, reduce } from './state.ts'
import { type ConnectTarget, findConnection, targetKey, versionOf } from './target.ts'
import { type FlowAccess, flowUrl, watchFlow } from './watch.ts'

export interface StartOptions {
  /** Asked for beside the required ones; must be among the optional ones of the session. */
  readonly scopes?: readonly string[] | undefined
  /** `auto` unless told: a popup, but a redirect on touch screens. */
  readonly mode?: 'auto' | 'popup' | 'redirect' | undefined
  /** One line for the popup until the provider's page comes. */
  readonly waitingText?: string | undefined
}

/** Details that come with every callback. Never a secret. */
export interface ConnectDetails {
  readonly provider: string
  readonly state: ConnectState
}

export interface ConnectHandlers {
  onSuccess?: ((connection: Connection) => void) | undefined
  /** The attempt ended without a connection; `null` when the user cancelled. */
  onExit?: ((error: ConnectError | null, details: ConnectDetails) => void) | undefined
  /** Every step of an attempt, by the name of the state that it leads to. */
  onEvent?: ((name: ConnectState['name'], details: ConnectDetails) => void) | undefined
}

export interface ConnectParts {
  readonly browser: Browser
  readonly sessions: Sessions
  readonly connections: Connections
  readonly takeLeftFlow: (target: string) => LeftFlow | undefined
}

/** One click: its window, and the flow once there is one. */
interface Attempt {
  readonly popup: Popup | undefined
  /** The connection before, to see whether it was made or mended when nobody tells. */
  readonly before: string | undefined
  flow?: FlowAccess
  stopWatching?: () => void
}

/**
 * The controller of one connect button: runs the state machine against windows and the service.
 *
 * ```ts
 * const gitlab = client.connect({ provider: 'gitlab' })
 * const detach = gitlab.attach({ onSuccess: (connection) => show(connection.account.name) })
 * button.onclick = () => gitlab.start()
 * ```
 */
export class Connect {
  readonly target: ConnectTarget
  #state: ConnectState = { name: 'idle' }
  #attempt: Attempt | undefined
  #handlers: ConnectHandlers = {}
  #attached = false
  readonly #parts: ConnectParts
  readonly #listeners = new Set<() => void>()

  constructor(parts: ConnectParts, target: ConnectTarget) {
    this.#parts = parts
    this.target = target
  }

  // Both are handed to `useSyncExternalStore`, so they must work without their object.
  readonly getSnapshot = (): ConnectState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Comes alive: follows the list of connections, takes up a flow that a redirect left behind, goes on
   * watching. Answers the way to let go; an attempt then goes on in its window, and may be attached again.
   */
  attach(handlers: ConnectHandlers = {}): () => void {
    const { connections, takeLeftFlow } = this.#parts
    this.#handlers = handlers
    this.#attached = true
    const sync = (): void => this.#dispatch({ type: 'sync', connection: this.#connection() })
    const unsubscribe = connections.subscribe(sync)
    sync()
    const left = takeLeftFlow(targetKey(this.target))
    if (left !== undefined) this.#resume(left)
    else if (this.#attempt !== undefined) this.#watch(this.#attempt)
    return () => {
      unsubscribe()
      this.#attached = false
      this.#handlers = {}
      this.#attempt?.stopWatching?.()
    }
  }

  /** Fetches a session ahead, on hover or focus. Its failure shows on the click. */
  prepare(): void {
    this.#parts.sessions.get(this.#sessionRequest()).catch(() => undefined)
  }

  /**
   * Begins an attempt. Call it directly in the click, before any `await`. While an attempt waits for the
   * user it begins a new one in its place.
   */
  start(options: StartOptions = {}): void {
    if (this.#state.name === 'opening' || this.#state.name === 'confirming') return
    this.#abandon()
    this.#dispatch({ type: 'start' })
    const window = this.#parts.browser.window()
    const { mode = 'auto', waitingText = 'Connecting …' } = options
    const redirect = mode === 'redirect' || (mode === 'auto' && prefersRedirect(window))
    const popup = redirect ? undefined : openPopup(window, waitingText)
    if (!redirect && popup === undefined) {
      this.#dispatch({ type: 'block' })
      return
    }
    const attempt: Attempt = { popup, before: versionOf(this.#connection()) }
    this.#attempt = attempt
    void this.#open(attempt, options).catch((thrown: unknown) => {
      if (this.#attempt === attempt) this.#end({ type: 'fail', error: asConnectError(thrown) })
    })
  }

  /** Ends the attempt here and at the service. */
  cancel(): void {
    this.#abandon()
    this.#dispatch({ type: 'cancel' })
  }

  /** Brings the popup to the front, where the browser allows it. */
  focus(): void {
    this.#attempt?.popup?.window.focus()
  }

  async #open(attempt: Attempt, options: StartOptions): Promise<void> {
    const { browser } = this.#parts
    const window = browser.window()
    const { popup } = attempt
    const { connectToken, serviceUrl, startUrl, startCode, flowId } = await this.#createFlow({
      provider: this.target.provider,
      host: this.target.host,
      connectionName: this.target.connection,
      scopes: options.scopes && [...options.scopes],
      ...(popup === undefined
        ? { mode: 'redirect', resumeUrl: resumeUrl(window) }
        : { mode: 'popup' }),
    })
    attempt.flow = { flowId, serviceUrl, connectToken }
    if (this.#attempt !== attempt) {
      this.#cancelFlow(attempt.flow)
      return
    }
    if (popup === undefined) {
      const target = targetKey(this.target)
      leave(window, { ...attempt.flow, target, before: attempt.before, hash: window.location.hash })
    }
    // A form's address may be a script; only the service's own is taken.
    if (new URL(startUrl).origin !== new URL(serviceUrl).origin) {
      throw new Error('startUrl is not at the service.')
    }
    postStartForm(window.document, { startUrl, startCode, target: popup?.name })
    this.#dispatch({ type: 'open' })
    if (this.#attached) this.#watch(attempt)
  }

  /** A session that was fetched ahead may have been ended since: once more with a new one. */
  async #createFlow(
    flow: CreateFlow,
  ): Promise<CreateFlowAnswer & { connectToken: string; serviceUrl: string }> {
    const { browser, sessions } = this.#parts
    const request = this.#sessionRequest()
    for (let fresh = false; ; fresh = true) {
      const session = sessions.get(request)
      const { connectToken, serviceUrl } = await session
      try {
        const answer = await call<CreateFlowAnswer>(browser, `${serviceUrl}/connect/flows`, {
          method: 'POST',
          body: flow,
          token: connectToken,
        })
        return { ...answer, connectToken, serviceUrl }
      } catch (thrown) {
        sessions.drop(request, session)
        const { code } = asConnectError(thrown)
        if (fresh || (code !== 'unauthorized' && code !== 'session_expired')) throw thrown
      }
    }
  }

  #resume(flow: LeftFlow): void {
    const attempt: Attempt = { popup: undefined, before: flow.before, flow }
    this.#attempt = attempt
    this.#dispatch({ type: 'start' })
    this.#dispatch({ type: 'open' })
    this.#watch(attempt)
  }

  #watch(attempt: Attempt): void {
    const { flow, popup } = attempt
    if (flow === undefined) return
    attempt.stopWatching?.()
    const { browser, connections } = this.#parts
    const stopFlow = watchFlow(browser, flow, {
      onFlow: (answer) => {
        if (answer.connection !== null) connections.put(answer.connection)
        this.#dispatch({ type: 'flow', flow: answer })
        if (!isBusy(this.#state)) this.#close()
      },
      onEnd: () => void this.#lookOnce(attempt),
    })
    const stopWindow = watchWindow(browser.window(), popup?.window, (away) => {
      this.#dispatch({ type: 'window', away })
    })
    attempt.stopWatching = () => {
      stopFlow()
      stopWindow()
    }
  }

  /** The service says no more. Whether the account was connected in the end, the list knows. */
  async #lookOnce(attempt: Attempt): Promise<void> {
    attempt.stopWatching?.()
    await this.#parts.connections.refresh()
    if (this.#attempt !== attempt) return
    const { before, flow } = attempt
    const now = this.#connection()
    if (flow !== undefined && now?.status === 'active' && versionOf(now) !== before) {
      const { flowId } = flow
      this.#end({
        type: 'flow',
        flow: { flowId, status: 'connected', error: null, connection: now },
      })
    } else {
      this.#end({ type: 'expire' })
    }
  }

  #end(event: ConnectEvent): void {
    this.#close()
    this.#dispatch(event)
  }

  #close(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    attempt?.stopWatching?.()
    attempt?.popup?.window.close()
  }

  #abandon(): void {
    const flow = this.#attempt?.flow
    this.#close()
    if (flow !== undefined) this.#cancelFlow(flow)
  }

  /** Nobody waits for it: a flow that is not cancelled runs out by itself. */
  #cancelFlow(flow: FlowAccess): void {
    call(this.#parts.browser, flowUrl(flow), { method: 'DELETE', token: flow.connectToken }).catch(
      () => undefined,
    )
  }

  #connection(): Connection | undefined {
    return findConnection(this.#parts.connections.getSnapshot().connections, this.target)
  }

  #sessionRequest(): SessionRequest {
    return { connectionId: this.target.connectionId ?? this.#connection()?.id }
  }

  #dispatch(event: ConnectEvent): void {
    const state = reduce(this.#state, event)
    if (state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) listener()
    if (event.type !== 'sync') this.#tell(state)
  }

  #tell(state: ConnectState): void {
    const { onSuccess, onExit, onEvent } = this.#handlers
    const details: ConnectDetails = { provider: this.target.provider, state }
    // Later, so that what the host throws is its own uncaught error, and doesn't end our watching.
    queueMicrotask(() => onEvent?.(state.name, details))
    if (state.name === 'connected') queueMicrotask(() => onSuccess?.(state.connection))
    const error = exitError(state)
    if (error !== undefined) queueMicrotask(() => onExit?.(error, details))
  }
}

/** `undefined` while the attempt goes on or ended well, `null` when the user cancelled. */
function exitError(state: ConnectState): ConnectError | null | undefined {
  switch (state.name) {
    case 'cancelled':
      return null
    case 'error':
      return state.error
    case 'denied':
      return new ConnectError('access_denied', 'The user said no.', { retryable: true })
    case 'expired':
      return new ConnectError('flow_expired', 'The attempt ran out of time.', { retryable: true })
    default:
      return undefined
  }
}
