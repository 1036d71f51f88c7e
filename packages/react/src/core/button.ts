import type { Connection, ConnectionId, ConnectMethod, ScopeName } from '@keywell/protocol'
import type { Attempt } from './attempt.ts'
import type { BrowserWindow } from './call.ts'
import type { Connections } from './connections.ts'
import type { ConnectError } from './error.ts'
import type { Returned } from './return.ts'
import type { SessionSource } from './sessions.ts'
import { type ConnectState, synced } from './state.ts'
import type { ConnectTarget } from './target.ts'

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
  readonly sessions: SessionSource
  readonly connections: Connections
  /** Reads the URL of the page, once for all of its buttons. */
  readonly returned: () => Returned
}

/** State of one button, and the parts that it works with. */
export interface Button extends ConnectParts {
  readonly target: ConnectTarget
  readonly listeners: Set<() => void>
  state: ConnectState
  attempt?: Attempt | undefined
  /** A click before the code of an attempt is there. */
  clicked?: StartOptions | undefined
  /** Undefined while detached. */
  handlers?: ConnectHandlers | undefined
}

/** Shows the connection as it is listed now, if there is one. */
export function sync(button: Button): void {
  set(button, synced(button.state, button.connections.find(button.target)))
}

/** @returns whether it is another one */
export function set(button: Button, state: ConnectState): boolean {
  const isNew = state !== button.state
  button.state = state
  if (isNew) for (const listener of button.listeners) listener()
  return isNew
}

/** The connection that an attempt reconnects, if there is one. */
export function reconnects({ connections, target }: Button): ConnectionId | undefined {
  return target.connectionId ?? connections.find(target)?.id
}
