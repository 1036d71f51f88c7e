import type { Connection, Flow, ReauthReason } from '@keywell/protocol'
import { ConnectError } from './error.ts'

/**
 * What a connect button shows. Without an attempt: `idle`, `connected`, `needs_reauth`. During one: `opening`
 * (session and flow are being created), `waiting` (the user is at the provider), `confirming` (the app
 * confirms who finished). After one that failed: `denied`, `cancelled`, `expired`, `error`.
 * `blocked`: the browser refused the popup; the user may continue in this tab.
 */
export type ConnectState =
  | { readonly name: 'idle' | 'opening' | 'blocked' | 'confirming' | 'cancelled' }
  /** `popupClosed` proves nothing, since a provider's opener policy also makes it true: it only adds choices. */
  | { readonly name: 'waiting'; readonly popupClosed: boolean }
  | { readonly name: 'connected'; readonly connection: Connection }
  | {
      readonly name: 'needs_reauth'
      readonly reason: ReauthReason | null
      readonly connection: Connection
    }
  | { readonly name: 'denied' | 'expired' | 'error'; readonly error: ConnectError }

export type ConnectStateName = ConnectState['name']

export type ConnectEvent =
  /** The user clicked. */
  | { readonly type: 'start' }
  /** The browser refused the popup. */
  | { readonly type: 'block' }
  /** The start form was posted: the browser goes to the provider. */
  | { readonly type: 'open' }
  | { readonly type: 'popup'; readonly closed: boolean }
  /** The service reported the state of the flow. */
  | { readonly type: 'flow'; readonly flow: Flow }
  | { readonly type: 'cancel' }
  | { readonly type: 'fail'; readonly error: ConnectError }
  /** The list of connections changed: the button's own connection, if there is one. */
  | { readonly type: 'sync'; readonly connection: Connection | undefined }

/** The next state. Pure. Returns the same object when the event has no effect in this state. */
export function reduce(state: ConnectState, event: ConnectEvent): ConnectState {
  const { name } = state
  switch (event.type) {
    case 'start':
      return name === 'opening' || name === 'confirming' ? state : { name: 'opening' }
    case 'block':
      return name === 'opening' ? { name: 'blocked' } : state
    case 'open':
      return name === 'opening' ? { name: 'waiting', popupClosed: false } : state
    case 'popup':
      return name === 'waiting' && state.popupClosed !== event.closed
        ? { name, popupClosed: event.closed }
        : state
    case 'flow':
      return isBusy(state) ? afterFlow(state, event.flow) : state
    case 'cancel':
      return isBusy(state) || name === 'blocked' ? { name: 'cancelled' } : state
    case 'fail':
      return isBusy(state) ? failed(event.error) : state
    case 'sync':
      return synced(state, event.connection)
  }
}

/** An attempt is under way: the list of connections does not change the button until it ends. */
export function isBusy(
  state: ConnectState,
): state is ConnectState & { readonly name: 'opening' | 'waiting' | 'confirming' } {
  const { name } = state
  return name === 'opening' || name === 'waiting' || name === 'confirming'
}

function afterFlow(state: ConnectState, { status, connection, error }: Flow): ConnectState {
  switch (status) {
    case 'created':
    case 'started':
      // Events and polls may arrive out of order: never go back.
      return state.name === 'opening' ? { name: 'waiting', popupClosed: false } : state
    case 'confirming':
    case 'cancelled':
      return state.name === status ? state : { name: status }
    case 'connected':
      if (connection) return { name: status, connection }
  }
  return failed(
    error
      ? new ConnectError(error.code, error.message, error)
      : new ConnectError(status === 'expired' ? 'flow_expired' : 'internal', `Flow ${status}`),
  )
}

function failed(error: ConnectError): ConnectState {
  switch (error.code) {
    case 'access_denied':
      return { name: 'denied', error }
    case 'flow_expired':
    case 'session_expired':
      return { name: 'expired', error }
    default:
      return { name: 'error', error }
  }
}

/** The state once the list of connections was read. */
export function synced(state: ConnectState, connection: Connection | undefined): ConnectState {
  if (isBusy(state)) return state
  if (connection === ('connection' in state ? state.connection : undefined)) return state
  if (connection?.status === 'active') return { name: 'connected', connection }
  // How an attempt ended stays on the screen until the next click, unless the account is connected.
  const isEnd = state.name !== 'idle' && !('connection' in state)
  if (isEnd && !(state.name === 'cancelled' && connection)) return state
  return connection?.needsReauth
    ? { name: 'needs_reauth', reason: connection.reason, connection }
    : { name: 'idle' }
}
