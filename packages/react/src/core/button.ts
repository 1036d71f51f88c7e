import type { Connection, ConnectionId } from '@keywell/protocol'
import type { BrowserWindow } from './call.ts'
import type { ConnectHandlers } from './connect.ts'
import type { Connections } from './connections.ts'
import type { Popup } from './popup.ts'
import type { PendingRedirect } from './return.ts'
import type { Sessions } from './sessions.ts'
import type { ConnectEvent, ConnectState } from './state.ts'
import { type ConnectTarget, findConnection } from './target.ts'
import type { FlowAccess } from './watch.ts'

export interface ButtonParts {
  readonly window: () => BrowserWindow
  readonly sessions: Sessions
  readonly connections: Connections
  readonly takeRedirect: (targetKey: string) => PendingRedirect | undefined
}

/** State of one button, and the parts that it works with. */
export interface Button extends ButtonParts {
  readonly target: ConnectTarget
  readonly listeners: Set<() => void>
  readonly dispatch: (event: ConnectEvent) => void
  state: ConnectState
  attempt?: Attempt | undefined
  /** Undefined while detached. */
  handlers?: ConnectHandlers | undefined
}

/** One click: its popup (none with a redirect), and its flow as soon as it exists. */
export interface Attempt {
  popup?: Popup | undefined
  flow?: FlowAccess
  watching?: AbortController
}

/** Closes what an attempt has open. */
export function close(button: Button): void {
  button.attempt?.watching?.abort()
  button.attempt?.popup?.window.close()
  button.attempt = undefined
}

/** Ends an attempt whose outcome the service did not report: the list shows whether it connected the account. */
export function endUnknown(button: Button, event: ConnectEvent): void {
  close(button)
  button.dispatch(event)
  void button.connections.refresh()
}

export function connectionOf({ connections, target }: Button): Connection | undefined {
  return findConnection(connections.getSnapshot().connections, target)
}

/** The connection that an attempt reconnects, if there is one. */
export function reconnects(button: Button): ConnectionId | undefined {
  return button.target.connectionId ?? connectionOf(button)?.id
}
