import type { Connection, Flow, ReauthReason } from '@keywell/protocol'
import { ConnectError } from './error.ts'

/**
 * What a connect button shows. At rest: `idle`, `connected`, `needs_reauth`. On the way: `opening`
 * (session and flow are being made), `waiting` (the user is at the provider), `confirming` (the app
 * confirms who finished). Ended without a connection: `denied`, `cancelled`, `expired`, `error`.
 * `blocked`: the browser refused the popup; the user may go on in this tab.
 */
export type ConnectState =
  | { readonly name: 'idle' | 'opening' | 'blocked' | 'confirming' }
  | { readonly name: 'denied' | 'cancelled' | 'expired' }
  /** `away`: the window seems closed. It proves nothing, so it only offers ways on. */
  | { readonly name: 'waiting'; readonly away: boolean }
  | { readonly name: 'connected'; readonly connection: Connection }
  | {
      readonly name: 'needs_reauth'
      readonly reason: ReauthReason | null
      readonly connection: Connection
    }
  | { readonly name: 'error'; readonly error: ConnectError }

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
  /** The session or the longest wait ended. */
  | { readonly type: 'expire' }
  | { readonly type: 'fail'; readonly error: ConnectError }
  /** The list of connections was read: the one that this button stands for, if there is one. */
  | { readonly type: 'sync'; readonly connection: Connection | undefined }

/** Pure: the next state. An event that means nothing in a state answers that very state. */
export function reduce(state: ConnectState, event: ConnectEvent): ConnectState {
  switch (event.type) {
    case 'start':
      return state.name === 'opening' || state.name === 'confirming' ? state : { name: 'opening' }
    case 'block':
      return state.name === 'opening' ? { name: 'blocked' } : state
    case 'open':
      return state.name === 'opening' ? { name: 'waiting', away: false } : state
    case 'window':
      return state.name === 'waiting' && state.away !== event.away
        ? { name: 'waiting', away: event.away }
        : state
    case 'flow':
      return isBusy(state) ? afterFlow(state, event.flow) : state
    case 'cancel':
      return isBusy(state) || state.name === 'blocked' ? { name: 'cancelled' } : state
    case 'expire':
      return isBusy(state) ? { name: 'expired' } : state
    case 'fail':
      return isBusy(state) ? { name: 'error', error: event.error } : state
    case 'sync':
      return isBusy(state) ? state : afterSync(state, event.connection)
    default:
      return event satisfies never
  }
}

/** A flow is on its way: a click starts nothing, and only its end changes the button. */
export function isBusy(state: ConnectState): boolean {
  return state.name === 'opening' || state.name === 'waiting' || state.name === 'confirming'
}

function afterFlow(state: ConnectState, flow: Flow): ConnectState {
  switch (flow.status) {
    case 'created':
    case 'started':
      // Two readers (stream and poll) may answer out of order: never go back.
      return state.name === 'opening' ? { name: 'waiting', away: false } : state
    case 'confirming':
      return state.name === 'confirming' ? state : { name: 'confirming' }
    case 'connected':
      return flow.connection === null
        ? { name: 'error', error: failure(flow) }
        : { name: 'connected', connection: flow.connection }
    case 'denied':
    case 'cancelled':
    case 'expired':
      return { name: flow.status }
    case 'failed':
      return { name: 'error', error: failure(flow) }
    default:
      return flow.status satisfies never
  }
}

function failure({ error, status }: Flow): ConnectError {
  return error === null
    ? new ConnectError('internal', `The flow is ${status}, and nothing else is known.`, {
        retryable: true,
      })
    : new ConnectError(error.code, error.message, error)
}

function afterSync(state: ConnectState, connection: Connection | undefined): ConnectState {
  if (connection?.status === 'active') {
    return state.name === 'connected' && state.connection === connection
      ? state
      : { name: 'connected', connection }
  }
  // How an attempt ended stays on the screen until the next click, unless the account is connected.
  if (state.name !== 'idle' && state.name !== 'connected' && state.name !== 'needs_reauth') {
    return state
  }
  if (connection?.needsReauth) {
    return state.name === 'needs_reauth' && state.connection === connection
      ? state
      : { name: 'needs_reauth', reason: connection.reason, connection }
  }
  return state.name === 'idle' ? state : { name: 'idle' }
}
