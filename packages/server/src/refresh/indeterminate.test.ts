import type { RenewalDefinition } from '@keywell/protocol'
import { describe, expect, test } from 'vitest'
import { recheckStateAfter, resolveIndeterminate } from './indeterminate.ts'

function provider(
  rotation: RenewalDefinition['rotation'],
  more: Partial<RenewalDefinition> = {},
): RenewalDefinition {
  return {
    rotation,
    revokesOldAccessToken: true,
    defaultExpiresIn: 7_200,
    refreshTokenLifetime: { idle: null },
    maxRequestSeconds: 60,
    ...more,
  }
}

const sendAgain = { do: 'send', settled: false }
const young = { unresolvedForMs: 1_000, accessTokenEndsInMs: 600_000 }

describe('none: the refresh token stays, so it goes out again at once', () => {
  test.each([true, false])('old access token revoked: %s', (revokesOldAccessToken) => {
    const refresh = provider('none', { revokesOldAccessToken })
    for (const accessTokenEndsInMs of [600_000, 0, null]) {
      expect(resolveIndeterminate(refresh, { ...young, accessTokenEndsInMs })).toEqual(sendAgain)
    }
  })
})

describe('grace', () => {
  const refresh = provider('grace', { graceSeconds: 30 })

  test('inside the window a repeat is taken', () => {
    expect(resolveIndeterminate(refresh, { ...young, unresolvedForMs: 29_999 })).toEqual(sendAgain)
  })

  test('past it, as strict: the old access token is asked', () => {
    expect(resolveIndeterminate(refresh, { ...young, unresolvedForMs: 30_000 })).toEqual({
      do: 'probe',
    })
  })

  test('an unknown window counts as none', () => {
    expect(resolveIndeterminate(provider('grace'), { ...young, unresolvedForMs: 0 })).toEqual({
      do: 'probe',
    })
  })
})

describe('strict', () => {
  const refresh = provider('strict')

  test('a token that still has time is asked before anything is sent', () => {
    expect(resolveIndeterminate(refresh, young)).toEqual({ do: 'probe' })
    expect(resolveIndeterminate(refresh, { ...young, accessTokenEndsInMs: 1 })).toEqual({
      do: 'probe',
    })
    expect(resolveIndeterminate(refresh, { ...young, accessTokenEndsInMs: null })).toEqual({
      do: 'probe',
    })
  })

  test('active: while the request may still be worked on, it is waited for', () => {
    const known = { ...young, oldAccessToken: 'active' } as const
    expect(resolveIndeterminate(refresh, known)).toEqual({ do: 'wait', ms: 59_000 })
    expect(resolveIndeterminate(refresh, { ...known, unresolvedForMs: 59_999 })).toEqual({
      do: 'wait',
      ms: 1,
    })
  })

  test('no wait outlives the token that it protects', () => {
    for (const oldAccessToken of ['active', 'unknown'] as const) {
      const known = { ...young, oldAccessToken, accessTokenEndsInMs: 20_000 } as const
      expect(resolveIndeterminate(refresh, known)).toEqual({ do: 'wait', ms: 20_000 })
    }
  })

  test('active after that: nothing happened, and the doubt is settled', () => {
    const known = { ...young, unresolvedForMs: 60_000, oldAccessToken: 'active' } as const
    expect(resolveIndeterminate(refresh, known)).toEqual({ do: 'send', settled: true })
  })

  test('inactive: it happened, and one more attempt ends it; its end says no more', () => {
    for (const oldAccessToken of ['inactive', 'expired'] as const) {
      expect(resolveIndeterminate(refresh, { ...young, oldAccessToken })).toEqual(sendAgain)
    }
  })

  test('no answer: looked at again in half a minute, and nothing is sent', () => {
    const known = { ...young, unresolvedForMs: 3_600_000, oldAccessToken: 'unknown' } as const
    expect(resolveIndeterminate(refresh, known)).toEqual({ do: 'wait', ms: 30_000 })
  })

  test('without evidence to be had it goes out again', () => {
    expect(resolveIndeterminate(refresh, { ...young, accessTokenEndsInMs: 0 })).toEqual(sendAgain)
    expect(
      resolveIndeterminate(provider('strict', { revokesOldAccessToken: false }), young),
    ).toEqual(sendAgain)
  })
})

describe('strict_family: a repeat is risked only when the access token is about to end', () => {
  const refresh = provider('strict_family')
  test.each([
    [600_000, { do: 'wait', ms: 480_000 }],
    [120_001, { do: 'wait', ms: 1 }],
    [120_000, sendAgain],
    [-1, sendAgain],
    [null, sendAgain],
  ])('%s ms before its end', (accessTokenEndsInMs, decision) => {
    for (const oldAccessToken of [undefined, 'active', 'inactive'] as const) {
      const known = { unresolvedForMs: 3_600_000, accessTokenEndsInMs }
      expect(
        resolveIndeterminate(refresh, { ...known, ...(oldAccessToken && { oldAccessToken }) }),
      ).toEqual(decision)
    }
  })
})

describe('after a success', () => {
  test.each(['none', 'grace', 'strict'] as const)('%s: a late repeat does no harm', (rotation) => {
    for (const unresolved of [true, false]) {
      expect(
        recheckStateAfter(provider(rotation), { previousState: 'ambiguous', unresolved }),
      ).toBe('none')
    }
  })

  test('strict_family: the doubt of a repeat stays for one life, and not for ever', () => {
    const left = (previousState: 'idle' | 'ambiguous' | 'refreshing', unresolved: boolean) =>
      recheckStateAfter(provider('strict_family'), { previousState, unresolved })
    expect(left('ambiguous', true)).toBe('all')
    expect(left('refreshing', true)).toBe('all')
    expect(left('idle', true)).toBe('of_later_claims')
    expect(left('idle', false)).toBe('of_later_claims')
  })
})
