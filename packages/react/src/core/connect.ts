import {
  type Button,
  type ConnectHandlers,
  type ConnectParts,
  type StartOptions,
  set,
  sync,
} from './button.ts'
import { withAttempts } from './late-attempts.ts'
import type { ConnectState } from './state.ts'
import type { ConnectTarget } from './target.ts'

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
   * begun, and fetches the code of an attempt: call it when the page shows the button. Returns a function that stops
   * this. The attempt then continues in its window, and may be attached again.
   */
  attach(handlers?: ConnectHandlers): () => void
  /** Fetches a session ahead, on hover or focus. An error is shown by the click. */
  prepare(): void
  /**
   * Begins an attempt. Call it directly in the click, before any `await`. While an attempt waits for the
   * user, it begins a new one in its place. The popup opens at once; on a button that was attached less than a moment
   * before, as soon as its code is there, which browsers allow for some seconds after a click.
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

export function createConnect(parts: ConnectParts, target: ConnectTarget): Connect {
  const button: Button = { ...parts, target, listeners: new Set(), state: { name: 'idle' } }
  return {
    getSnapshot: () => button.state,
    subscribe(listener) {
      button.listeners.add(listener)
      return () => button.listeners.delete(listener)
    },
    attach: (handlers = {}) => attach(button, handlers),
    prepare: () => withAttempts((loaded) => loaded.prepare(button)),
    start(options = {}) {
      button.clicked = options
      proceed(button)
      // Until the code is there.
      if (button.clicked) set(button, { name: 'opening' })
    },
    cancel() {
      button.clicked = undefined
      withAttempts((loaded) => loaded.cancel(button))
    },
    focus() {
      button.attempt?.popup?.window.focus()
    },
  }
}

function attach(button: Button, handlers: ConnectHandlers): () => void {
  const { connections, target } = button
  button.handlers = handlers
  // Before anything else of the page reads the URL.
  button.returned()
  connections.show(target.provider)
  const unsubscribe = connections.subscribe(() => sync(button))
  sync(button)
  proceed(button)
  return () => {
    unsubscribe()
    button.handlers = button.clicked = undefined
    button.attempt?.watching?.abort()
  }
}

/** Goes on with what was begun, as soon as its code is there. */
function proceed(button: Button): void {
  withAttempts(
    (loaded) => loaded.proceed(button),
    (error) => {
      const { clicked, handlers, target } = button
      const details = { provider: target.provider, state: { name: 'error', error } } as const
      // The next click fetches again, and the list shows how a redirect ended.
      if (!clicked) return
      button.clicked = undefined
      set(button, details.state)
      handlers?.onEvent?.('error', details)
      handlers?.onExit?.(error, details)
    },
  )
}
