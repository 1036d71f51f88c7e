import type { Flow, FlowId } from '@keywell/protocol'
import { expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { silentLogger } from '../logger.ts'
import type { Database } from '../store/database.ts'
import type { SessionRow } from '../store/sessions.ts'
import { createFlowWatch } from './flow-watch.ts'

// Only its id and tenant are looked at here.
const session = { tenantId: 'ten_a', id: 'ses_a' } as SessionRow
const flowId = 'flw_a' as FlowId
const flow = (status: Flow['status']): Flow => ({ flowId, status, error: null, connection: null })
const never = new AbortController().signal

async function begin() {
  const timers = new ManualTimers()
  let notify = (_: string) => {}
  const database = {
    async listen(_: string, listener: (payload: string) => void) {
      notify = listener
      return async () => {}
    },
  } as Pick<Database, 'listen'> as Database
  const state = { looks: 0, now: flow('created') as Flow | undefined, isAway: false }
  const watch = createFlowWatch({
    database,
    after: timers.after,
    logger: silentLogger,
    async look() {
      state.looks += 1
      if (state.isAway) throw new Error('away')
      return state.now
    },
  })
  await watch.start()
  /** Lets a second pass. */
  const second = async () => {
    timers.advance(1_000)
    await settled()
  }
  return { timers, state, watch, notify: (id: string) => notify(id), second }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** The statuses that a watcher receives, and whether it is over. */
function follow(events: AsyncGenerator<Flow | undefined, void>) {
  const watched = { statuses: [] as string[], isOver: false }
  void (async () => {
    for await (const each of events) if (each !== undefined) watched.statuses.push(each.status)
    watched.isOver = true
  })()
  return watched
}

verifies('requests:flow-polled-once', async () => {
  const { timers, state, watch, second } = await begin()
  const gone = new AbortController()
  const watchers = Array.from({ length: 50 }, () =>
    follow(watch.follow(session, flow('created'), gone.signal)),
  )
  for (let seconds = 0; seconds < 10; seconds += 1) await second()
  expect(state.looks).toBe(10)
  state.now = flow('started')
  await second()
  for (const { statuses } of watchers) expect(statuses).toEqual(['created', 'started'])
  // A flow without a watcher is not looked at.
  gone.abort()
  await settled()
  expect(timers.pending).toBe(0)
  expect(watchers.every(({ isOver }) => isOver)).toBe(true)
})

test('a notification leads to a look at once, and an end is sent and ends the watch', async () => {
  const { timers, state, watch, notify } = await begin()
  const watched = follow(watch.follow(session, flow('created'), never))
  await settled()
  state.now = flow('connected')
  notify('flw_other')
  notify(flowId)
  timers.advance(0)
  await settled()
  expect(watched).toEqual({ statuses: ['created', 'connected'], isOver: true })
  expect(state.looks).toBe(1)
  expect(timers.pending).toBe(0)
})

test('a flow that is gone ends the watch without a status, and what cannot be read is read again', async () => {
  const { state, watch, second } = await begin()
  const watched = follow(watch.follow(session, flow('created'), never))
  await settled()
  state.isAway = true
  await second()
  expect(watched.isOver).toBe(false)
  state.isAway = false
  state.now = undefined
  await second()
  expect(watched).toEqual({ statuses: ['created'], isOver: true })
})

test('a watcher that comes later with a newer status does not receive the older one', async () => {
  const { watch, second } = await begin()
  const first = follow(watch.follow(session, flow('created'), never))
  await settled()
  const later = follow(watch.follow(session, flow('started'), never))
  await settled()
  expect(later.statuses).toEqual(['started'])
  await watch.stop()
  await second()
  expect([first.isOver, later.isOver]).toEqual([true, true])
})
