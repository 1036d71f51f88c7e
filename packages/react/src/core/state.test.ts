import type { Flow } from '@keywell/protocol'
import { describe, expect, it } from 'vitest'
import { makeConnection } from '../testing/stand-in.ts'
import { ConnectError } from './error.ts'
import { type ConnectEvent, type ConnectState, reduce } from './state.ts'

const connection = makeConnection()
const reconnected = makeConnection({ id: connection.id, generation: 2 })
const revoked = makeConnection({ status: 'revoked', needsReauth: true, reason: 'revoked' })
const error = new ConnectError('unavailable', 'down')

const states = {
  idle: { name: 'idle' },
  opening: { name: 'opening' },
  waiting: { name: 'waiting', popupClosed: false },
  'waiting, popup closed': { name: 'waiting', popupClosed: true },
  confirming: { name: 'confirming' },
  connected: { name: 'connected', connection },
  blocked: { name: 'blocked' },
  denied: { name: 'denied', error },
  cancelled: { name: 'cancelled' },
  expired: { name: 'expired', error },
  error: { name: 'error', error },
  needs_reauth: { name: 'needs_reauth', reason: 'revoked', connection: revoked },
} satisfies Record<string, ConnectState>

const flow = (change: Partial<Flow>): ConnectEvent => ({
  type: 'flow',
  flow: {
    // The reducer does not read it.
    flowId: 'flo_1' as Flow['flowId'],
    status: 'started',
    error: null,
    connection: null,
    ...change,
  },
})

const events = {
  start: { type: 'start' },
  block: { type: 'block' },
  open: { type: 'open' },
  'popup closed': { type: 'popup', closed: true },
  'popup open': { type: 'popup', closed: false },
  'flow created': flow({ status: 'created' }),
  'flow started': flow({ status: 'started' }),
  'flow confirming': flow({ status: 'confirming' }),
  'flow connected': flow({ status: 'connected', connection: reconnected }),
  'flow connected without a connection': flow({ status: 'connected' }),
  'flow denied': flow({
    status: 'denied',
    error: { code: 'access_denied', message: 'no', retryable: true },
  }),
  'flow cancelled': flow({ status: 'cancelled' }),
  'flow expired': flow({ status: 'expired' }),
  'flow failed': flow({
    status: 'failed',
    error: { code: 'account_mismatch', message: 'other', retryable: false },
  }),
  cancel: { type: 'cancel' },
  fail: { type: 'fail', error },
  'fail by the end of the session': {
    type: 'fail',
    error: new ConnectError('session_expired', 'over'),
  },
  'sync without': { type: 'sync', connection: undefined },
  'sync active': { type: 'sync', connection: reconnected },
  'sync revoked': { type: 'sync', connection: revoked },
} satisfies Record<string, ConnectEvent>

type StateKey = keyof typeof states
type EventKey = keyof typeof events

/** The pairs that lead to another state; every other event changes nothing. */
const table: Record<StateKey, Partial<Record<EventKey, StateKey>>> = {
  idle: { start: 'opening', 'sync active': 'connected', 'sync revoked': 'needs_reauth' },
  opening: {
    block: 'blocked',
    open: 'waiting',
    'flow created': 'waiting',
    'flow started': 'waiting',
    'flow confirming': 'confirming',
    ...ends(),
  },
  waiting: {
    start: 'opening',
    'popup closed': 'waiting, popup closed',
    'flow confirming': 'confirming',
    ...ends(),
  },
  'waiting, popup closed': {
    start: 'opening',
    'popup open': 'waiting',
    'flow confirming': 'confirming',
    ...ends(),
  },
  confirming: ends(),
  connected: {
    start: 'opening',
    'sync without': 'idle',
    'sync active': 'connected',
    'sync revoked': 'needs_reauth',
  },
  blocked: { start: 'opening', cancel: 'cancelled', 'sync active': 'connected' },
  denied: { start: 'opening', 'sync active': 'connected' },
  cancelled: {
    start: 'opening',
    'sync active': 'connected',
    'sync revoked': 'needs_reauth',
  },
  expired: { start: 'opening', 'sync active': 'connected' },
  error: { start: 'opening', 'sync active': 'connected' },
  needs_reauth: { start: 'opening', 'sync without': 'idle', 'sync active': 'connected' },
}

function ends(): Partial<Record<EventKey, StateKey>> {
  return {
    'flow connected': 'connected',
    'flow connected without a connection': 'error',
    'flow denied': 'denied',
    'flow cancelled': 'cancelled',
    'flow expired': 'expired',
    'flow failed': 'error',
    cancel: 'cancelled',
    fail: 'error',
    'fail by the end of the session': 'expired',
  }
}

// The keys of an object literal are its own.
const stateKeys = Object.keys(states) as StateKey[]
const eventKeys = Object.keys(events) as EventKey[]

describe.each(stateKeys)('in %s', (from) => {
  it.each(eventKeys)('%s', (by) => {
    const before: ConnectState = states[from]
    const next = reduce(before, events[by])
    const expected = table[from][by]
    if (expected === undefined) {
      expect(next).toBe(before)
    } else {
      const { name }: ConnectState = states[expected]
      expect(next).toMatchObject({ name })
      if (next.name === 'waiting') expect(next).toEqual(states[expected])
    }
  })
})

it('holds the connection or the error of its state', () => {
  const { waiting, idle, opening } = states
  expect(reduce(waiting, events['flow connected'])).toEqual({
    name: 'connected',
    connection: reconnected,
  })
  expect(reduce(waiting, events['flow failed'])).toMatchObject({
    error: { code: 'account_mismatch', message: 'other', retryable: false },
  })
  expect(reduce(waiting, events['flow denied'])).toMatchObject({ error: { code: 'access_denied' } })
  expect(reduce(waiting, events['flow expired'])).toMatchObject({
    error: { code: 'flow_expired', retryable: true },
  })
  expect(reduce(opening, events.fail)).toEqual({ name: 'error', error })
  expect(reduce(idle, events['sync revoked'])).toEqual(states.needs_reauth)
})

it('returns the same object for the same connection, so that nothing renders again', () => {
  const state: ConnectState = { name: 'connected', connection }
  expect(reduce(state, { type: 'sync', connection })).toBe(state)
  expect(reduce(state, { type: 'sync', connection: reconnected })).toEqual({
    name: 'connected',
    connection: reconnected,
  })
})
