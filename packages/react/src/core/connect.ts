import type {
  Connection,
  ConnectionId,
  CreateFlow,
  CreateFlowAnswer,
  Flow,
  routes,
  ScopeName,
  SessionAnswer,
} from '@keywell/protocol'
import { type BrowserWindow, call, type Fetch } from './call.ts'
import type { Connections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { openPopup, type Popup, postStartForm, prefersRedirect, watchPopup } from './popup.ts'
import { type LeftFlow, leave, pageUrl } from './return.ts'
import type { Sessions } from './sessions.ts'
import { type ConnectEvent, type ConnectState, isBusy, reduce } from './state.ts'
import { type ConnectTarget, findConnection, targetKey } from './target.ts'
import { type FlowAccess, watchFlow } from './watch.ts'

export interface StartOptions {
  /** Asked for beside the required ones; must be among the optional ones of the session. */
  readonly scopes?: readonly ScopeName[] | undefined
  /** Default: `auto`, a popup, but a redirect on touch screens. */
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
  readonly window: () => BrowserWindow
  readonly sessions: Sessions
  readonly connections: Connections
  readonly takeLeftFlow: (targetKey: string) => LeftFlow | undefined
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
export interface Connect {
  readonly getSnapshot: () => ConnectState
  readonly subscribe: (listener: () => void) => () => void
  /**
   * Comes alive: follows the list of connections, takes up a flow that a redirect left behind, goes on
   * watching. Answers the way to let go; an attempt then goes on in its window, and may be attached again.
   */
  attach(handlers?: ConnectHandlers): () => void
  /** Fetches a session ahead, on hover or focus. Its failure shows on the click. */
  prepare(): void
  /**
   * Begins an attempt. Call it directly in the click, before any `await`. While an attempt waits for the
   * user it begins a new one in its place.
   */
  start(options?: StartOptions): void
  /**
   * Ends the attempt at the service, and closes its window. The state is what the service answers: where
   * the account was connected a moment before, `connected`.
   */
  cancel(): void
  /** Brings the popup to the front, where the browser allows it. */
  focus(): void
}

/** One click: its window (none with a redirect), and the flow once there is one. */
interface Attempt {
  popup?: Popup | undefined
  flow?: FlowAccess
  watching?: AbortController
}

export function createConnect(parts: ConnectParts, target: ConnectTarget): Connect {
  const { connections } = parts
  const { provider, host } = target
  const listeners = new Set<() => void>()
  let state: ConnectState = { name: 'idle' }
  let attempt: Attempt | undefined
  /** Undefined while nobody is attached. */
  let handlers: ConnectHandlers | undefined

  function dispatch(event: ConnectEvent): void {
    const next = reduce(state, event)
    if (next === state) return
    state = next
    for (const listener of listeners) listener()
    if (handlers && event.type !== 'sync') tell(handlers, { provider, state })
  }

  async function open(mine: Attempt, scopes: StartOptions['scopes']): Promise<void> {
    const window = parts.window()
    const { popup } = mine
    const { flow, startUrl, startCode } = await createFlow(
      window.fetch,
      parts.sessions.take(reconnects()),
      {
        provider,
        host,
        connectionName: target.connectionName,
        scopes: scopes && [...scopes],
        mode: popup ? 'popup' : 'redirect',
        resumeUrl: popup ? undefined : pageUrl(window),
      },
    )
    if (attempt !== mine) {
      void cancelFlow(flow)
      return
    }
    mine.flow = flow
    if (!popup) leave(window, { ...flow, target: targetKey(target) })
    postStartForm(window.document, startUrl, startCode, popup?.name)
    dispatch({ type: 'open' })
    watch()
  }

  /** Follows the flow, if there is one and somebody is attached. */
  function watch(): void {
    const flow = attempt?.flow
    if (!attempt || !flow || !handlers) return
    const window = parts.window()
    const watching = new AbortController()
    const { signal } = watching
    attempt.watching = watching
    watchPopup(window, attempt.popup, signal, (away) => dispatch({ type: 'window', away }))
    watchFlow(window, flow, signal, {
      onFlow: take,
      onEnd(error) {
        close()
        dispatch({ type: 'fail', error })
        // The account may have been connected in the end; the list knows.
        void connections.refresh()
      },
    })
  }

  /** The service says how the flow stands. */
  function take(flow: Flow): void {
    if (flow.connection) connections.put(flow.connection)
    dispatch({ type: 'flow', flow })
    if (!isBusy(state)) close()
  }

  function close(): void {
    attempt?.watching?.abort()
    attempt?.popup?.window.close()
    attempt = undefined
  }

  function abandon(): void {
    if (attempt?.flow) void cancelFlow(attempt.flow)
    close()
  }

  /** How it ended; undefined where the service is away: a flow that is not cancelled runs out by itself. */
  function cancelFlow({ url, token }: FlowAccess): Promise<Flow | undefined> {
    return call<Flow>(parts.window().fetch, url, { method: 'DELETE', token }).catch(() => undefined)
  }

  function connection(): Connection | undefined {
    return findConnection(connections.getSnapshot().connections, target)
  }

  /** Where a connection is there already, the attempt reconnects it. */
  function reconnects(): ConnectionId | undefined {
    return target.connectionId ?? connection()?.id
  }

  return {
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    attach(mine = {}) {
      handlers = mine
      const sync = (): void => dispatch({ type: 'sync', connection: connection() })
      const unsubscribe = connections.subscribe(sync)
      sync()
      const flow = parts.takeLeftFlow(targetKey(target))
      if (flow) {
        attempt = { flow }
        dispatch({ type: 'start' })
        dispatch({ type: 'open' })
      }
      watch()
      return () => {
        unsubscribe()
        handlers = undefined
        attempt?.watching?.abort()
      }
    },
    prepare() {
      // The click shows what is wrong with it.
      parts.sessions.prepare(reconnects()).catch(() => undefined)
    },
    start({ scopes, mode = 'auto', waitingText = '…' } = {}) {
      if (state.name === 'opening' || state.name === 'confirming') return
      abandon()
      dispatch({ type: 'start' })
      const window = parts.window()
      const redirect = mode === 'redirect' || (mode === 'auto' && prefersRedirect(window))
      const popup = redirect ? undefined : openPopup(window, waitingText)
      if (!redirect && !popup) return dispatch({ type: 'block' })
      const mine: Attempt = { popup }
      attempt = mine
      open(mine, scopes).catch((thrown: unknown) => {
        if (attempt !== mine) return
        close()
        dispatch({ type: 'fail', error: asConnectError(thrown) })
      })
    },
    async cancel() {
      const mine = attempt
      mine?.popup?.window.close()
      const ended = mine?.flow && (await cancelFlow(mine.flow))
      // A newer click, or the watching, was faster.
      if (attempt !== mine) return
      if (ended) return take(ended)
      close()
      dispatch({ type: 'cancel' })
      // The account may have been connected in the end; the list knows.
      void connections.refresh()
    },
    focus() {
      attempt?.popup?.window.focus()
    },
  }
}

type FlowsPath = (typeof routes.flows.create)['path']

/** Makes the flow, in a session. */
async function createFlow(
  fetch: Fetch,
  session: Promise<SessionAnswer>,
  body: CreateFlow,
): Promise<CreateFlowAnswer & { flow: FlowAccess }> {
  const { connectToken: token, serviceUrl } = await session
  // The path of the table, by its type: the table itself would weigh too much here.
  const url = `${serviceUrl}/connect/flows` satisfies `${string}${FlowsPath}`
  const answer = await call<CreateFlowAnswer>(fetch, url, { method: 'POST', body, token })
  const { flowId, startUrl } = answer
  // A form's address may be a script; only one of the service's own is taken.
  if (new URL(startUrl).origin !== new URL(url).origin) throw new Error(startUrl)
  return { ...answer, flow: { flowId, url: `${url}/${flowId}`, token } }
}

/** Later, so that what the host throws is its own uncaught error, and doesn't end our watching. */
function tell({ onSuccess, onExit, onEvent }: ConnectHandlers, details: ConnectDetails): void {
  const { state } = details
  queueMicrotask(() => {
    onEvent?.(state.name, details)
    if (state.name === 'connected') onSuccess?.(state.connection)
    if (state.name === 'cancelled') onExit?.(null, details)
    if ('error' in state) onExit?.(state.error, details)
  })
}
