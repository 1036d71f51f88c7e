import { expect, test } from 'vitest'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import type { AuditEntry } from './audit.ts'
import {
  createRefusals,
  maxLines,
  maxLinesPerActor,
  type RefusedCall,
  windowMs,
} from './refusals.ts'

const call: RefusedCall = {
  tenantId: 'org_acme',
  actor: 'key:key_1',
  route: 'GET /v1/audit',
  reason: 'forbidden',
  requestId: 'req_1',
}

function setup() {
  const timers = new ManualTimers()
  const written: AuditEntry[] = []
  let unwritten = 0
  let away = false
  const refusals = createRefusals({
    async write(entry) {
      if (away) throw new Error('away')
      written.push(entry)
    },
    after: timers.after,
    metrics: {
      refusalsUnwritten(count) {
        unwritten += count
      },
    },
  })
  return {
    timers,
    refusals,
    written,
    reasons: () => written.splice(0).map(({ reason }) => reason),
    lost: () => unwritten,
    setAway: (is: boolean) => {
      away = is
    },
  }
}

test('the first is written at once, and what follows within a minute as one', () => {
  const { timers, refusals, written, reasons } = setup()
  refusals.note(call)
  expect(written).toEqual([
    {
      tenantId: 'org_acme',
      actor: 'key:key_1',
      action: 'call.refuse',
      result: 'denied',
      reason: 'forbidden: GET /v1/audit',
      requestId: 'req_1',
    },
  ])
  for (let more = 0; more < 41; more += 1) refusals.note({ ...call, requestId: `req_${more}` })
  expect(reasons()).toHaveLength(1)
  timers.advance(windowMs)
  expect(reasons()).toEqual(['forbidden: GET /v1/audit (41 more)'])
  expect(timers.pending).toBe(0)
  refusals.note(call)
  expect(reasons()).toEqual(['forbidden: GET /v1/audit'])
  timers.advance(windowMs)
  expect(reasons()).toEqual([])
})

test('refusals that differ in actor, tenant, call or reason are counted apart', () => {
  const { refusals, reasons } = setup()
  for (const other of [
    {},
    { actor: 'key:key_2' },
    { tenantId: 'org_other' },
    { route: 'GET /v1/webhooks' },
    { reason: 'rate_limited' },
  ]) {
    refusals.note({ ...call, ...other })
    refusals.note({ ...call, ...other })
  }
  expect(reasons()).toHaveLength(5)
})

verifies('T30:refusals-bounded', () => {
  const { timers, refusals, written } = setup()
  for (let one = 0; one < 20_000; one += 1) {
    refusals.note({ ...call, actor: `key:${one % 500}`, tenantId: `org_${one}` })
  }
  timers.advance(windowMs)
  expect(written.length).toBeLessThanOrEqual(2 * (maxLines + 1))
  // None is forgotten: an entry stands for itself, or for as many as it says.
  const counts = written.map(({ reason }) => Number(/\((\d+) more\)/.exec(reason ?? '')?.[1] ?? 1))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20_000)
  expect(written.at(-1)).toMatchObject({ tenantId: '@install', actor: 'unknown' })
})

test('one that tries everything leaves room for the others', () => {
  const { refusals, written } = setup()
  for (let one = 0; one < 1_000; one += 1) refusals.note({ ...call, tenantId: `org_${one}` })
  expect(written).toHaveLength(maxLinesPerActor + 1)
  expect(written.at(-1)).toMatchObject({
    tenantId: '@install',
    actor: 'key:key_1',
    reason: 'various: various routes',
  })
  refusals.note({ ...call, actor: 'key:key_2' })
  expect(written.at(-1)).toMatchObject({ tenantId: 'org_acme', actor: 'key:key_2' })
})

test('what could not be written is counted, and what comes later is written', async () => {
  const { timers, refusals, reasons, lost, setAway } = setup()
  setAway(true)
  for (let times = 0; times < 5; times += 1) refusals.note(call)
  timers.advance(windowMs)
  await new Promise((resolve) => setImmediate(resolve))
  expect(lost()).toBe(5)
  setAway(false)
  refusals.note(call)
  expect(reasons()).toEqual(['forbidden: GET /v1/audit'])
})

test('the end of the service writes what was counted', () => {
  const { timers, refusals, reasons } = setup()
  refusals.note(call)
  refusals.note(call)
  refusals.close()
  expect(reasons()).toEqual(['forbidden: GET /v1/audit', 'forbidden: GET /v1/audit (1 more)'])
  expect(timers.pending).toBe(0)
})
