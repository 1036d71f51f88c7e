import { describe, expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import type { ProviderAnswer } from '../store/provider-incidents.ts'
import { allTenants, areRefused, decideRefusal, type Refusal } from './incident-rule.ts'

const minute = 60_000
const times = { incidentWindowMs: 10 * minute, incidentConfirmMs: 60 * minute }

function answers(
  count: number,
  refused: boolean,
  { tenant = (at: number) => `ten_${at}`, agoMs = minute / 2 } = {},
): ProviderAnswer[] {
  return Array.from({ length: count }, (_, at) => ({ tenantId: tenant(at), refused, agoMs }))
}

const oneTenant = { tenant: () => 'ten_big' }

/** Refused a second time, a minute after the first, where many share the integration. */
function refusal(more: Partial<Refusal> = {}): Refusal {
  return {
    tenantId: 'ten_a',
    connections: 11,
    refusedForMs: minute,
    lastRefusedForMs: minute,
    attemptMs: 200,
    answers: [],
    incident: null,
    ...more,
  }
}

const decide = (more: Partial<Refusal> = {}) => decideRefusal(refusal(more), times)
const first = { refusedForMs: null, lastRefusedForMs: null }

verifies.suite('incident:rule', () => {
  test('where few share an integration, the first clear refusal ends a connection', () => {
    expect(decide({ ...first, connections: 10 })).toEqual({ do: 'end', confirms: false })
    expect(decide({ ...first, connections: 11 })).toMatchObject({ do: 'wait' })
  })

  test('the second one ends it when another was answered well in between', () => {
    expect(decide()).toMatchObject({ do: 'wait' })
    expect(decide({ answers: answers(1, false) })).toMatchObject({ do: 'end' })
  })

  test.each([
    ['was answered while the request was under way', 100],
    ['was answered before the first refusal', 2 * minute],
  ])('another that %s says nothing', (_, agoMs) => {
    expect(decide({ answers: answers(1, false, { agoMs }) })).toMatchObject({ do: 'wait' })
  })

  test('with more refusals than good answers in between it waits, for ten minutes at most', () => {
    const mixed = [...answers(3, true), ...answers(2, false)]
    expect(decide({ answers: mixed })).toMatchObject({ do: 'wait' })
    expect(decide({ answers: mixed, refusedForMs: 10 * minute })).toMatchObject({ do: 'end' })
  })

  test('ten minutes without a good answer are an incident, however few the tenants are', () => {
    const two = ['ten_a', 'ten_x'].flatMap((name) => answers(5, true, { tenant: () => name }))
    const long = { refusedForMs: 10 * minute, answers: two }
    expect(decide({ ...long, refusedForMs: 9 * minute })).toMatchObject({ do: 'wait' })
    expect(decide(long)).toEqual({ do: 'hold', opens: 'every_tenant' })
    const one = answers(1, false, { agoMs: 5 * minute })
    expect(decide({ ...long, answers: [...two, ...one] })).toMatchObject({ do: 'end' })
  })

  test('while it waits, enough others are asked to outweigh those that were refused', () => {
    expect(decide(first)).toEqual({ do: 'wait', others: 2 })
    const its = answers(500, true, oneTenant)
    expect(decide({ ...first, answers: [...its, ...answers(3, true)] })).toEqual({
      do: 'wait',
      others: 10,
    })
  })

  test('more than ten refusals among the last 21 answers are an incident', () => {
    const before = answers(30, false)
    expect(decide({ ...first, answers: [...answers(9, true), ...before] })).toMatchObject({
      do: 'wait',
    })
    const decision = decide({ ...first, answers: [...answers(10, true), ...before] })
    expect(decision).toEqual({ do: 'hold', opens: 'every_tenant' })
  })

  test('refusals of one tenant alone are an incident of that tenant alone', () => {
    const its = answers(500, true, oneTenant)
    expect(decide({ tenantId: 'ten_big', answers: its })).toEqual({
      do: 'hold',
      opens: 'one_tenant',
    })
    expect(decide({ answers: [...its, ...answers(6, false)] })).toMatchObject({ do: 'end' })
  })

  test('it takes three tenants to hold what another one has', () => {
    const two = ['ten_x', 'ten_y'].flatMap((name) => answers(50, true, { tenant: () => name }))
    expect(areRefused(two, allTenants)).toBe(false)
    expect(areRefused([...two, ...answers(1, true)], allTenants)).toBe(true)
  })

  test('in an incident nothing ends, until every connection was refused for an hour and enough were asked', () => {
    const open = { refusingForMs: 59 * minute, refusals: 500, confirmed: false }
    const of = (incident: Refusal['incident']) => decide({ ...first, incident })
    expect(of(open)).toEqual({ do: 'hold', opens: null })
    const hour = { ...open, refusingForMs: 60 * minute }
    expect(of({ ...hour, refusals: 19 })).toEqual({ do: 'hold', opens: null })
    expect(of(hour)).toEqual({ do: 'end', confirms: true })
    expect(of({ ...open, confirmed: true })).toEqual({ do: 'end', confirms: false })
  })

  test('a connection that was refused for an hour ends, although others are held', () => {
    const incident = { refusingForMs: minute, refusals: 30, confirmed: false }
    const decision = decide({ incident, refusedForMs: 60 * minute })
    expect(decision).toEqual({ do: 'end', confirms: false })
  })
})

describe('an incident that is over', () => {
  test('leaves each connection its first refusal, however long it was refused', () => {
    const good = answers(21, false)
    const decision = decide({ refusedForMs: 20 * minute, lastRefusedForMs: null, answers: good })
    expect(decision).toMatchObject({ do: 'wait' })
  })
})
