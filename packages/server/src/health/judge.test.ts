import { describe, expect, test } from 'vitest'
import type { Claim } from '../store/refresh-claim.ts'
import { judge } from './judge.ts'

const plan = { jitter: () => 0.5, confirmAfterMs: 60_000, pauseMs: 900_000 }
const states = ['idle', 'backoff', 'ambiguous', 'suspect'] as const

function claim(more: Partial<Claim> = {}): Claim {
  return {
    tenantId: 'ten_a',
    connectionId: 'con_a',
    epoch: '1',
    attemptId: 'attempt',
    owner: 'owner',
    refreshDue: false,
    previousState: 'idle',
    unresolvedForMs: null,
    failures: 0,
    probeFailures: 0,
    refusedForMs: null,
    lastRefusedForMs: null,
    readAgoMs: null,
    lateMs: 0,
    ...more,
  }
}

const active = {
  status: 'active',
  detail: null,
  scopes: null,
  expiresAt: null,
  account: null,
  canRefresh: true,
  isOver: false,
  isOutgrown: false,
} as const
const inactive = { ...active, status: 'inactive' } as const
const unknown = { ...active, status: 'unknown', detail: 'status_403' } as const

describe('active', () => {
  test('is well, and looked at again when its turn comes', () => {
    expect(judge(claim({ probeFailures: 2 }), active, plan)).toEqual({
      state: 'idle',
      failures: 0,
      probeFailures: 0,
      probeInMs: 900_000,
      refreshNow: false,
      health: { health: 'ok', reason: null },
      death: null,
      answer: 'good',
    })
  })

  test('a refresh that fails keeps its own doubt: a living access token says nothing of it', () => {
    for (const previousState of ['backoff', 'ambiguous', 'suspect'] as const) {
      const verdict = judge(claim({ previousState, failures: 3 }), active, plan)
      expect(verdict).toMatchObject({ state: previousState, failures: 3, health: null })
    }
  })

  test('what cannot be refreshed and lay under suspicion is cleared', () => {
    const found = { ...active, canRefresh: false }
    const verdict = judge(claim({ previousState: 'suspect', failures: 1 }), found, plan)
    expect(verdict).toMatchObject({ state: 'idle', failures: 0, health: { health: 'ok' } })
  })
})

describe('not known', () => {
  test('twice, it is looked at again in a minute; the third time it counts as degraded', () => {
    const verdicts = [0, 1, 2, 3].map((probeFailures) =>
      judge(claim({ probeFailures }), unknown, plan),
    )
    expect(verdicts.map(({ health }) => health?.health)).toEqual([
      'unknown',
      'unknown',
      'degraded',
      'degraded',
    ])
    expect(verdicts.map(({ probeInMs }) => probeInMs)).toEqual([60_000, 60_000, 900_000, 900_000])
    expect(verdicts.map(({ probeFailures }) => probeFailures)).toEqual([1, 2, 3, 4])
  })

  test('ends nothing, refreshes nothing and changes no state, in any of them', () => {
    for (const previousState of states) {
      for (const canRefresh of [true, false]) {
        const found = { ...unknown, canRefresh }
        const verdict = judge(claim({ previousState, failures: 2, probeFailures: 9 }), found, plan)
        expect(verdict).toMatchObject({
          state: previousState,
          failures: 2,
          refreshNow: false,
          death: null,
        })
      }
    }
  })

  test('says why, in a word', () => {
    expect(judge(claim(), unknown, plan).health?.reason).toBe('status_403')
    expect(judge(claim(), { ...unknown, detail: null }, plan).health?.reason).toBe('unknown')
  })
})

describe('inactive', () => {
  test('with a refresh token, it is renewed now: only a refused refresh ends anything', () => {
    for (const previousState of states) {
      const verdict = judge(claim({ previousState, failures: 2 }), inactive, plan)
      const same = { state: previousState, failures: 2, health: null, death: null }
      expect(verdict).toMatchObject({ ...same, refreshNow: true })
    }
  })

  test('with nothing to refresh it with, the second look confirms the first', () => {
    const found = { ...inactive, canRefresh: false }
    const first = judge(claim(), found, plan)
    expect(first).toMatchObject({ state: 'suspect', probeInMs: 60_000, death: null })
    expect(first.health).toEqual({ health: 'degraded', reason: 'probed_inactive' })
    const second = judge(claim({ previousState: 'suspect', failures: 1 }), found, plan)
    expect(second).toMatchObject({
      state: 'dead',
      refreshNow: false,
      death: { status: 'revoked', reason: 'revoked' },
    })
  })

  test('a token that nothing renews has expired at its end, and is not called revoked', () => {
    const found = { ...unknown, canRefresh: false, isOver: true }
    for (const previousState of states) {
      expect(judge(claim({ previousState, failures: 1 }), found, plan)).toMatchObject({
        state: 'dead',
        probeInMs: null,
        death: { status: 'expired', reason: 'token_expired' },
      })
    }
  })
})
