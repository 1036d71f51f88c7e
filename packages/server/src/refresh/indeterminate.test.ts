import type { RefreshTokenRenewal } from '@keywell/protocol'
import { describe, expect, test } from 'vitest'
import { recheckStateAfter, resolveIndeterminate } from './indeterminate.ts'

function provider(
  rotation: RefreshTokenRenewal['rotation'],
  more: Partial<RefreshTokenRenewal> = {},
): RefreshTokenRenewal {
  return {
    by: 'refresh_token',
    rotation,
    revokesOldAccessToken: true,
    defaultExpiresIn: 7_200,
    refreshTokenLifetime: { idle: null, absolute: null },
    maxRequestSeconds: 60,
    ...more,
  }
}

const sendAgain = { do: 'send', settled: false }
const young = { unresolvedForMs: 1_000, accessTokenEndsInMs: 600_000 }

describe.each(['none', 'until_used'] as const)(
  '%s: the refresh token works as before, so it goes out again at once',
  (rotation) => {
    test.each([true, false])('old access token revoked: %s', (revokesOldAccessToken) => {
      const refresh = provider(rotation, { revokesOldAccessToken })
      for (const accessTokenEndsInMs of [600_000, 0, null]) {
        for (const unresolvedForMs of [0, 1_000, 86_400_000]) {
          const known = { unresolvedForMs, accessTokenEndsInMs }
          expect(resolveIndeterminate(refresh, known)).toEqual(sendAgain)
        }
      }
    })
  },
)

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

describe('grace_then_family', () => {
  const refresh = provider('grace_then_family', { graceSeconds: 600 })

  test('a repeat goes out while the grace lasts longer than a request may take', () => {
    for (const unresolvedForMs of [0, 539_999]) {
      expect(resolveIndeterminate(refresh, { ...young, unresolvedForMs })).toEqual(sendAgain)
    }
  })

  test('later than that it may be processed after the grace, and is risked as with strict_family', () => {
    for (const unresolvedForMs of [540_000, 600_000, 3_600_000]) {
      for (const oldAccessToken of [undefined, 'active', 'inactive'] as const) {
        const known = { ...young, unresolvedForMs, ...(oldAccessToken && { oldAccessToken }) }
        expect(resolveIndeterminate(refresh, known)).toEqual({ do: 'wait', ms: 480_000 })
        const atItsEnd = { ...known, accessTokenEndsInMs: 120_000 }
        expect(resolveIndeterminate(refresh, atItsEnd)).toEqual(sendAgain)
      }
    }
  })

  test('a grace that is shorter than a request may take is none', () => {
    const short = provider('grace_then_family', { graceSeconds: 60 })
    const known = { ...young, unresolvedForMs: 0 }
    expect(resolveIndeterminate(short, known)).toEqual({ do: 'wait', ms: 480_000 })
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
  test.each(['none', 'until_used', 'grace', 'strict'] as const)(
    '%s: a late repeat does no harm',
    (rotation) => {
      for (const unresolved of [true, false]) {
        expect(
          recheckStateAfter(provider(rotation), { previousState: 'ambiguous', unresolved }),
        ).toBe('none')
      }
    },
  )

  test.each(['strict_family', 'grace_then_family'] as const)(
    '%s: the doubt of a repeat stays for one life, and not for ever',
    (rotation) => {
      const left = (previousState: 'idle' | 'ambiguous' | 'refreshing', unresolved: boolean) =>
        recheckStateAfter(provider(rotation), { previousState, unresolved })
      expect(left('ambiguous', true)).toBe('all')
      expect(left('refreshing', true)).toBe('all')
      expect(left('idle', true)).toBe('of_later_claims')
      expect(left('idle', false)).toBe('of_later_claims')
    },
  )
})
