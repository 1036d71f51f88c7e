import type { RefreshTokenRenewal } from '@keywell/protocol'
import { describe, expect, test } from 'vitest'
import { gitlabRenewal } from '../../../../test/support/renewed-by.ts'
import { planEnd } from './grant-end.ts'

const dayMs = 24 * 60 * 60_000
const days = (count: number) => count * 86_400

function ends(
  refreshTokenLifetime: RefreshTokenRenewal['refreshTokenLifetime'],
  { grantedDays = 0, toldDays = null }: { grantedDays?: number; toldDays?: number | null } = {},
) {
  const end = planEnd(gitlabRenewal({ refreshTokenLifetime }), {
    grantedForMs: grantedDays * dayMs,
    toldMs: toldDays === null ? null : toldDays * dayMs,
  })
  const inDays = (ms: number | null) => (ms === null ? null : ms / dayMs)
  return [inDays(end.tokenEndsInMs), inDays(end.grantEndsInMs), inDays(end.endsSoonInMs)]
}

describe('the end of a refresh token, of its grant, and its announcement', () => {
  test('none is known', () => {
    expect(ends({ idle: null, absolute: null })).toEqual([null, null, null])
  })

  test('an end by idleness counts from the last refresh, and is never announced', () => {
    expect(ends({ idle: days(90), absolute: null }, { grantedDays: 400 })).toEqual([90, null, null])
  })

  test('an absolute end counts from the consent; the nearer of both is that of the token', () => {
    const both = { idle: days(90), absolute: days(365) }
    expect(ends(both)).toEqual([90, 365, 335])
    expect(ends(both, { grantedDays: 300 })).toEqual([65, 65, 35])
    expect(ends(both, { grantedDays: 340 })).toEqual([25, 25, 22])
    expect(ends(both, { grantedDays: 363 })).toEqual([2, 2, null])
    expect(ends(both, { grantedDays: 366 })).toEqual([-1, -1, null])
  })

  test('what an answer says counts before both', () => {
    expect(ends({ idle: null, absolute: null }, { toldDays: 7 })).toEqual([7, 7, 4])
    expect(ends({ idle: null, absolute: days(365) }, { toldDays: 40 })).toEqual([40, 40, 10])
    // It may be the end by idleness, which each refresh moves.
    expect(ends({ idle: days(90), absolute: days(365) }, { toldDays: 100 })).toEqual([
      100, 365, 335,
    ])
  })
})
