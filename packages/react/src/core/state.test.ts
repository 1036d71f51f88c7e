import type { Flow } from '@keywell/protocol'
import { describe, expect, it } from 'vitest'
import { makeConnection } from '../testing/stand-in.ts'
import { ConnectError } from './error.ts'
import { type ConnectEvent, type ConnectState, reduce } from './state.ts'

const connection = makeConnection()
const mended = makeConnection({ id: connection.id, generation: 2 })
const revoked = makeConnection({ status: 'revoked', needsReauth: true, reason: 'revoked' })
const error = new ConnectError('unavailable', 'down')

const states = {
  idle: { name: 'idle' },
  opening: { name: 'opening' },
  waiting: { name: 'waiting', away: false },
  away: { name: 'waiting', away: true },
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
    // The reducer never reads it.
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
  'window closed': { type: 'window', away: true },
  'window open': { type: 'window', away: false },
  'flow created': flow({ status: 'created' }),
  'flow started': flow({ status: 'started' }),
  'flow confirming': flow({ status: 'confirming' }),
  'flow connected': flow({ status: 'connected', connection: mended }),
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
  'sync active': { type: 'sync', connection: mended },
  'sync revoked': { type: 'sync', connection: revoked },
} satisfies Record<string, ConnectEvent>

type StateKey = keyof typeof states
type EventKey = keyof typeof events

/** What leads elsewhere; every pair that is missing here stays where it is. */
const table: Record<StateKey, Partial<Record<EventKey, StateKey>>> = {
  idle: { start: 'opening', 'sync active': 'connected', 'sync revoked': 'needs_reauth' },
  opening: {
    block: 'blocked',
    open: 'waiting',
    'flow created': 'waiting',
    'flow started': 'waiting',
    'flow confirming': 'confirming',
    ...flowEnds(),
  },
  waiting: {
    start: 'opening',
    'window closed': 'away',
    'flow confirming': 'confirming',
    ...flowEnds(),
  },
  away: {
    start: 'opening',
    'window open': 'waiting',
    'flow confirming': 'confirming',
    ...flowEnds(),
  },
  confirming: flowEnds(),
  connected: {
    start: 'opening',
    'sync without': 'idle',
    'sync active': 'connected',
    'sync revoked': 'needs_reauth',
  },
  blocked: { start: 'opening', cancel: 'cancelled', 'sync active': 'connected' },
  denied: { start: 'opening', 'sync active': 'connected' },
  cancelled: { start: 'opening', 'sync active': 'connected' },
  expired: { start: 'opening', 'sync active': 'connected' },
  error: { start: 'opening', 'sync active': 'connected' },
  needs_reauth: { start: 'opening', 'sync without': 'idle', 'sync active': 'connected' },
}

function flowEnds(): Partial<Record<EventKey, StateKey>> {
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

it('carries what belongs to the state', () => {
  const { waiting, idle, opening } = states
  expect(reduce(waiting, events['flow connected'])).toEqual({
    name: 'connected',
    connection: mended,
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

it('answers the same state for the same connection, so that nothing is drawn again', () => {
  const state: ConnectState = { name: 'connected', connection }
  expect(reduce(state, { type: 'sync', connection })).toBe(state)
  expect(reduce(state, { type: 'sync', connection: mended })).toEqual({
    name: 'connected',
    connection: mended,
  })
})
