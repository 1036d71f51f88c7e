import type {
  Connection,
  ConnectionId,
  ConnectMethod,
  CreateFlow,
  CreateFlowAnswer,
  Flow,
  routes,
  ScopeName,
  SessionAnswer,
} from '@keywell/protocol'
import { type BrowserWindow, call } from './call.ts'
import type { Connections } from './connections.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { openPopup, type Popup, postStartForm, prefersRedirect, watchPopup } from './popup.ts'
import { type PendingRedirect, pageUrl, savePendingRedirect } from './return.ts'
import type { Sessions } from './sessions.ts'
import { type ConnectEvent, type ConnectState, isBusy, reduce } from './state.ts'
import { type ConnectTarget, findConnection, targetKey } from './target.ts'
import { type FlowAccess, watchFlow } from './watch.ts'

export interface StartOptions {
  /** Requested beside the required scopes; they must be among the optional ones of the session. */
  readonly scopes?: readonly ScopeName[] | undefined
  /**
   * Id of a method of the provider, or a kind. `oauth`: the user consents at the provider. `key`: the user pastes a key
   * that they have made there, into a form of the service; the page does not see it. Default: the first that the
   * session allows and that can be used.
   */
  readonly method?: ConnectMethod | undefined
  /** Where the user consents. Default: `auto`, a popup, and a redirect on touch screens. */
  readonly mode?: 'auto' | 'popup' | 'redirect' | undefined
  /** One line that the popup shows until the provider's page is there. Default: `…`. */
  readonly waitingText?: string | undefined
}

/** Details that come with every callback. Never a secret. */
export interface ConnectDetails {
  readonly provider: string
  readonly state: ConnectState
}

export interface ConnectHandlers {
  /** The account is connected. */
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
  readonly takeRedirect: (targetKey: string) => PendingRedirect | undefined
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
   * Follows the list of connections, and the flow of an attempt that is under way or that a redirect has
   * begun. Returns a function that stops this. The attempt then continues in its window, and may be attached
   * again.
   */
  attach(handlers?: ConnectHandlers): () => void
  /** Fetches a session ahead, on hover or focus. An error is shown by the click. */
  prepare(): void
  /**
   * Begins an attempt. Call it directly in the click, before any `await`. While an attempt waits for the
   * user, it begins a new one in its place.
   */
  start(options?: StartOptions): void
  /**
   * Cancels the attempt at the service, and closes its window. The state is what the service answers: when
   * the account was connected a moment before, `connected`.
   */
  cancel(): void
  /** Brings the popup to the front, where the browser allows it. */
  focus(): void
}

/** One click: its popup (none with a redirect), and its flow as soon as it exists. */
interface Attempt {
  popup?: Popup | undefined
  flow?: FlowAccess
  watching?: AbortController
}

/** State of one button, and the parts that it works with. */
interface Button extends ConnectParts {
  readonly target: ConnectTarget
  readonly listeners: Set<() => void>
  state: ConnectState
  attempt?: Attempt | undefined
  /** Undefined while detached. */
  handlers?: ConnectHandlers | undefined
}

export function createConnect(parts: ConnectParts, target: ConnectTarget): Connect {
  const button: Button = { ...parts, target, listeners: new Set(), state: { name: 'idle' } }
  return {
    getSnapshot: () => button.state,
    subscribe(listener) {
      button.listeners.add(listener)
      return () => button.listeners.delete(listener)
    },
    attach: (handlers = {}) => attach(button, handlers),
    prepare() {
      // The click requests again, and shows the error.
      button.sessions.prepare(reconnects(button)).catch(() => undefined)
    },
    start: (options = {}) => start(button, options),
    cancel: () => void cancel(button),
    focus() {
      button.attempt?.popup?.window.focus()
    },
  }
}

function attach(button: Button, handlers: ConnectHandlers): () => void {
  const { connections, target } = button
  const sync = (): void => dispatch(button, { type: 'sync', connection: connectionOf(button) })
  button.handlers = handlers
  connections.show(target.provider)
  const unsubscribe = connections.subscribe(sync)
  sync()
  const flow = button.takeRedirect(targetKey(target))
  if (flow) {
    button.attempt = { flow }
    dispatch(button, { type: 'start' })
    dispatch(button, { type: 'open' })
  }
  watch(button)
  return () => {
    unsubscribe()
    button.handlers = undefined
    button.attempt?.watching?.abort()
  }
}

function start(button: Button, options: StartOptions): void {
  const { mode = 'auto', waitingText = '…' } = options
  const { name } = button.state
  if (name === 'opening' || name === 'confirming') return
  const window = button.window()
  if (button.attempt?.flow) void cancelFlow(window, button.attempt.flow)
  close(button)
  dispatch(button, { type: 'start' })
  const redirect = mode === 'redirect' || (mode === 'auto' && prefersRedirect(window))
  const popup = redirect ? undefined : openPopup(window, waitingText)
  if (!redirect && !popup) {
    dispatch(button, { type: 'block' })
    return
  }
  const attempt: Attempt = { popup }
  button.attempt = attempt
  open(button, attempt, options).catch((thrown: unknown) => {
    if (button.attempt === attempt) end(button, { type: 'fail', error: asConnectError(thrown) })
  })
}

async function open(
  button: Button,
  attempt: Attempt,
  { scopes, method }: StartOptions,
): Promise<void> {
  const { target } = button
  const { popup } = attempt
  const window = button.window()
  const session = await button.sessions.take(reconnects(button))
  const { flow, startUrl, startCode } = await createFlow(window, session, {
    provider: target.provider,
    host: target.host,
    connectionName: target.connectionName,
    scopes: scopes && [...scopes],
    method,
    mode: popup ? 'popup' : 'redirect',
    resumeUrl: popup ? undefined : pageUrl(window),
  })
  if (button.attempt !== attempt) {
    void cancelFlow(window, flow)
    return
  }
  attempt.flow = flow
  if (!popup) savePendingRedirect(window, { ...flow, target: targetKey(target) })
  postStartForm(window.document, startUrl, startCode, popup?.name)
  dispatch(button, { type: 'open' })
  watch(button)
}

/** Follows the flow, if there is one and the button is attached. */
function watch(button: Button): void {
  const { attempt, handlers } = button
  if (!attempt?.flow || !handlers) return
  const window = button.window()
  attempt.watching = new AbortController()
  const { signal } = attempt.watching
  watchPopup(window, attempt.popup, signal, (closed) => dispatch(button, { type: 'popup', closed }))
  watchFlow(window, attempt.flow, signal, {
    onFlow: (flow) => applyFlow(button, flow),
    onEnd: (error) => endUnknown(button, { type: 'fail', error }),
  })
}

async function cancel(button: Button): Promise<void> {
  const { attempt } = button
  attempt?.popup?.window.close()
  const flow = attempt?.flow && (await cancelFlow(button.window(), attempt.flow))
  // A newer click, or the watching, was faster.
  if (button.attempt !== attempt) return
  if (flow) applyFlow(button, flow)
  else endUnknown(button, { type: 'cancel' })
}

function applyFlow(button: Button, flow: Flow): void {
  if (flow.connection) button.connections.upsert(flow.connection)
  dispatch(button, { type: 'flow', flow })
  if (!isBusy(button.state)) close(button)
}

function end(button: Button, event: ConnectEvent): void {
  close(button)
  dispatch(button, event)
}

/** Ends an attempt whose outcome the service did not report: the list shows whether it connected the account. */
function endUnknown(button: Button, event: ConnectEvent): void {
  end(button, event)
  void button.connections.refresh()
}

function close(button: Button): void {
  button.attempt?.watching?.abort()
  button.attempt?.popup?.window.close()
  button.attempt = undefined
}

function dispatch(button: Button, event: ConnectEvent): void {
  const { handlers, listeners, target } = button
  const state = reduce(button.state, event)
  if (state === button.state) return
  button.state = state
  for (const listener of listeners) listener()
  if (handlers && event.type !== 'sync')
    callHandlers(handlers, { provider: target.provider, state })
  // A reconnect that was cancelled leaves the connection as it was.
  if (state.name === 'cancelled') {
    dispatch(button, { type: 'sync', connection: connectionOf(button) })
  }
}

/** Calls them later, so that an error of theirs is uncaught in the host's code, and does not end the watching. */
function callHandlers(
  { onSuccess, onExit, onEvent }: ConnectHandlers,
  details: ConnectDetails,
): void {
  const { state } = details
  queueMicrotask(() => {
    onEvent?.(state.name, details)
    if (state.name === 'connected') onSuccess?.(state.connection)
    if (state.name === 'cancelled') onExit?.(null, details)
    if ('error' in state) onExit?.(state.error, details)
  })
}

function connectionOf({ connections, target }: Button): Connection | undefined {
  return findConnection(connections.getSnapshot().connections, target)
}

/** The connection that an attempt reconnects, if there is one. */
function reconnects(button: Button): ConnectionId | undefined {
  return button.target.connectionId ?? connectionOf(button)?.id
}

type FlowsPath = (typeof routes.flows.create)['path']

/** Creates the flow, in a session. */
async function createFlow(
  { fetch }: BrowserWindow,
  { connectToken: token, serviceUrl }: SessionAnswer,
  body: CreateFlow,
): Promise<CreateFlowAnswer & { flow: FlowAccess }> {
  // The path of the table, by its type: the table itself would be too large here.
  const url = `${serviceUrl}/connect/flows` satisfies `${string}${FlowsPath}`
  const created = await call<CreateFlowAnswer>(fetch, url, { method: 'POST', body, token })
  const { flowId, startUrl } = created
  // A form's address may be a script; only one of the service's own origin is used.
  if (new URL(startUrl).origin !== new URL(url).origin) throw new Error(startUrl)
  return { ...created, flow: { flowId, url: `${url}/${flowId}`, token } }
}

/** The flow as it ended; undefined when the service cannot be reached: the flow then expires there. */
function cancelFlow(
  { fetch }: BrowserWindow,
  { url, token }: FlowAccess,
): Promise<Flow | undefined> {
  return call<Flow>(fetch, url, { method: 'DELETE', token }).catch(() => undefined)
}
