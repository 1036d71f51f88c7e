import type { Connection, ConnectMethod, ScopeName } from '@keywell/protocol'
import {
  type Attempt,
  type Button,
  type ButtonParts,
  close,
  connectionOf,
  endUnknown,
  reconnects,
} from './button.ts'
import { asConnectError, type ConnectError } from './error.ts'
import { openPopup, prefersRedirect } from './popup.ts'
import { type ConnectEvent, type ConnectState, reduce } from './state.ts'
import { type ConnectTarget, targetKey } from './target.ts'

export interface StartOptions {
  /** Requested beside the required scopes; they must be among the optional ones of the session. */
  readonly scopes?: readonly ScopeName[] | undefined
  /**
   * `oauth`: the user consents at the provider. `key`: the user pastes a key that they have made there, into a
   * form of the service; the page does not see it. Default: `oauth`.
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

/** What runs an attempt is fetched on hover, or with the first click: most buttons of a page are never clicked. */
const loadAttempt = () => import('./attempt.ts')

export function createConnect(parts: ButtonParts, target: ConnectTarget): Connect {
  const button: Button = {
    ...parts,
    target,
    listeners: new Set(),
    state: { name: 'idle' },
    dispatch: (event) => dispatch(button, event),
  }
  return {
    getSnapshot: () => button.state,
    subscribe(listener) {
      button.listeners.add(listener)
      return () => button.listeners.delete(listener)
    },
    attach: (handlers = {}) => attach(button, handlers),
    prepare() {
      // The click requests again, and shows the error.
      Promise.all([loadAttempt(), button.sessions.prepare(reconnects(button))]).catch(
        () => undefined,
      )
    },
    start: (options = {}) => start(button, options),
    cancel: () => cancel(button),
    focus() {
      button.attempt?.popup?.window.focus()
    },
  }
}

function attach(button: Button, handlers: ConnectHandlers): () => void {
  const { connections, target } = button
  const sync = (): void => button.dispatch({ type: 'sync', connection: connectionOf(button) })
  button.handlers = handlers
  const unsubscribe = connections.subscribe(sync)
  sync()
  const flow = button.takeRedirect(targetKey(target))
  if (flow) {
    button.attempt = { flow }
    button.dispatch({ type: 'start' })
    button.dispatch({ type: 'open' })
  }
  const { attempt } = button
  if (attempt?.flow) run(button, attempt, ({ watch }) => watch(button, attempt))
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
  const replaced = button.attempt
  close(button)
  button.dispatch({ type: 'start' })
  const redirect = mode === 'redirect' || (mode === 'auto' && prefersRedirect(window))
  const popup = redirect ? undefined : openPopup(window, waitingText)
  const attempt: Attempt = { popup }
  if (redirect || popup) button.attempt = attempt
  else button.dispatch({ type: 'block' })
  run(button, attempt, ({ cancelFlow, open }) => {
    if (replaced) void cancelFlow(button, replaced)
    return button.attempt === attempt ? open(button, attempt, options) : undefined
  })
}

function cancel(button: Button): void {
  const { attempt } = button
  attempt?.popup?.window.close()
  if (attempt?.flow) run(button, attempt, (runner) => runner.cancel(button, attempt))
  else endUnknown(button, { type: 'cancel' })
}

/** Ends the attempt with what goes wrong in it: the page may be offline, or older than what is served now. */
function run(
  button: Button,
  attempt: Attempt,
  work: (runner: Awaited<ReturnType<typeof loadAttempt>>) => unknown,
): void {
  loadAttempt()
    .then(work)
    .catch((thrown: unknown) => {
      if (button.attempt !== attempt) return
      close(button)
      button.dispatch({ type: 'fail', error: asConnectError(thrown) })
    })
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
    button.dispatch({ type: 'sync', connection: connectionOf(button) })
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
