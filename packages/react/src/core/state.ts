import type { Connection, Flow, ReauthReason } from '@keywell/protocol'
import { ConnectError } from './error.ts'

/**
 * What a connect button shows. At rest: `idle`, `connected`, `needs_reauth`. On the way: `opening`
 * (session and flow are being made), `waiting` (the user is at the provider), `confirming` (the app
 * confirms who finished). Ended without a connection: `denied`, `cancelled`, `expired`, `error`.
 * `blocked`: the browser refused the popup; the user may go on in this tab.
 */
export type ConnectState =
  | { readonly name: 'idle' | 'opening' | 'blocked' | 'confirming' | 'cancelled' }
  /** `away`: the window seems closed. It proves nothing, so it only offers ways on. */
  | { readonly name: 'waiting'; readonly away: boolean }
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
  /** The start form was posted; the user is on the way to the provider. */
  | { readonly type: 'open' }
  | { readonly type: 'window'; readonly away: boolean }
  /** The service says how the flow stands. */
  | { readonly type: 'flow'; readonly flow: Flow }
  | { readonly type: 'cancel' }
  | { readonly type: 'fail'; readonly error: ConnectError }
  /** The list of connections was read: the one that this button stands for, if there is one. */
  | { readonly type: 'sync'; readonly connection: Connection | undefined }

/** Pure: the next state. An event that means nothing in a state answers that very state. */
export function reduce(state: ConnectState, event: ConnectEvent): ConnectState {
  const { name } = state
  switch (event.type) {
    case 'start':
      return name === 'opening' || name === 'confirming' ? state : { name: 'opening' }
    case 'block':
      return name === 'opening' ? { name: 'blocked' } : state
    case 'open':
      return name === 'opening' ? { name: 'waiting', away: false } : state
    case 'window':
      return name === 'waiting' && state.away !== event.away ? { name, away: event.away } : state
    case 'flow':
      return isBusy(state) ? afterFlow(state, event.flow) : state
    case 'cancel':
      return isBusy(state) || name === 'blocked' ? { name: 'cancelled' } : state
    case 'fail':
      return isBusy(state) ? failed(event.error) : state
    case 'sync':
      return isBusy(state) ? state : afterSync(state, event.connection)
  }
}

/** A flow is on its way: a click starts nothing, and only its end changes the button. */
export function isBusy({ name }: ConnectState): boolean {
  return name === 'opening' || name === 'waiting' || name === 'confirming'
}

function afterFlow(state: ConnectState, { status, connection, error }: Flow): ConnectState {
  switch (status) {
    case 'created':
    case 'started':
      // Stream and poll may answer out of order: never go back.
      return state.name === 'opening' ? { name: 'waiting', away: false } : state
    case 'confirming':
    case 'cancelled':
      return state.name === status ? state : { name: status }
    case 'connected':
      if (connection) return { name: status, connection }
  }
  return failed(
    error
      ? new ConnectError(
          error.code,
          error.message,
          error.retryable,
          undefined,
          error.providerReason,
        )
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

function afterSync(state: ConnectState, connection: Connection | undefined): ConnectState {
  if (connection === ('connection' in state ? state.connection : undefined)) return state
  if (connection?.status === 'active') return { name: 'connected', connection }
  // How an attempt ended stays on the screen until the next click, unless the account is connected.
  if (state.name !== 'idle' && !('connection' in state)) return state
  return connection?.needsReauth
    ? { name: 'needs_reauth', reason: connection.reason, connection }
    : { name: 'idle' }
}
