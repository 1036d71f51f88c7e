import type { RefreshTokenRenewal } from '@keywell/protocol'
import { gitlab, oauthOf } from '@keywell/providers'
import { describe, expect, test } from 'vitest'
import { verifies } from '../../../../test/support/verifies.ts'
import { backoffMs, planDormantRefresh, planLife, planProbe } from './schedule.ts'

const low = () => 0
const high = () => 1
const minuteMs = 60_000
const hourMs = 60 * minuteMs

function renewal(defaultExpiresIn: number | null): RefreshTokenRenewal {
  const { renewal: known } = oauthOf(gitlab, 'oauth')
  if (known.by !== 'refresh_token') throw new Error('nothing renews it')
  return { ...known, defaultExpiresIn }
}

describe('the life of an access token', () => {
  test('is renewed 15 to 30 % of it before its end, which is called half a minute early', () => {
    const expiresInMs = 2 * hourMs
    const lifeMs = expiresInMs - 30_000
    expect(planLife(renewal(null), expiresInMs, low)).toEqual({
      lifeMs,
      refreshInMs: lifeMs - expiresInMs * 0.15,
    })
    expect(planLife(renewal(null), expiresInMs, high).refreshInMs).toBeCloseTo(
      lifeMs - expiresInMs * 0.3,
    )
  })

  test('when it is short, gives up a tenth and no more', () => {
    const { lifeMs, refreshInMs } = planLife(renewal(null), 60_000, high)
    expect([lifeMs, refreshInMs]).toEqual([54_000, 36_000])
  })

  test('of five minutes, where both bounds meet', () => {
    expect(planLife(renewal(null), 300_000, low).lifeMs).toBe(270_000)
  })

  test('always ends after the refresh was due, and neither has passed when it begins', () => {
    for (const expiresInMs of [1, 1_000, 60_000, 300_000, 2 * hourMs, 365 * 24 * hourMs]) {
      for (const jitter of [low, high]) {
        const { lifeMs, refreshInMs } = planLife(renewal(null), expiresInMs, jitter)
        expect(refreshInMs).toBeGreaterThan(0)
        expect(lifeMs).toBeGreaterThan(refreshInMs ?? Number.POSITIVE_INFINITY)
        expect(lifeMs).toBeLessThan(expiresInMs)
      }
    }
  })

  test("that the answer does not state is the provider's own", () => {
    expect(planLife(renewal(7_200), null, low).lifeMs).toBe(2 * hourMs - 30_000)
    expect(planLife(renewal(7_200), hourMs, low).lifeMs).toBe(hourMs - 30_000)
  })

  test('that is not known has no end, and is never renewed by the clock', () => {
    expect(planLife(renewal(null), null, low)).toEqual({ lifeMs: null, refreshInMs: null })
  })

  test('that nothing renews has an end, and no refresh before it', () => {
    const none = { by: 'none', defaultExpiresIn: 7_200 } as const
    expect(planLife(none, hourMs, low)).toEqual({ lifeMs: hourMs - 30_000, refreshInMs: null })
    expect(planLife(none, null, low).lifeMs).toBe(2 * hourMs - 30_000)
    expect(planLife({ ...none, defaultExpiresIn: null }, null, low)).toEqual({
      lifeMs: null,
      refreshInMs: null,
    })
  })
})

describe('the refresh of a dormant connection', () => {
  const dayMs = 24 * hourMs
  const gentle = renewal(null)
  const withIdle = (seconds: number) => ({
    ...gentle,
    refreshTokenLifetime: { idle: seconds, absolute: null },
  })

  test('comes once a day, spread over a quarter of it', () => {
    expect(planDormantRefresh(gentle, hourMs, low)).toBe(0.75 * dayMs)
    expect(planDormantRefresh(gentle, hourMs, high)).toBe(dayMs)
  })

  test('does not come more often than that of one in use', () => {
    expect(planDormantRefresh(gentle, 30 * dayMs, low)).toBe(30 * dayMs)
  })

  test('never comes for a token without an end', () => {
    expect(planDormantRefresh(gentle, null, low)).toBeNull()
  })

  verifies('keep:idle-lifetime', () => {
    const eightHours = withIdle(8 * 3_600)
    expect(planDormantRefresh(eightHours, hourMs, low)).toBe(4 * hourMs)
    expect(planDormantRefresh(eightHours, hourMs, high)).toBe(4 * hourMs)
    expect(planDormantRefresh(withIdle(30 * 86_400), hourMs, high)).toBe(dayMs)
    // What an answer says counts first; a wrong number makes no hot loop.
    expect(planDormantRefresh(eightHours, hourMs, high, 2 * hourMs)).toBe(hourMs)
    expect(planLife(eightHours, 2 * hourMs, high, 1_000).refreshInMs).toBe(minuteMs)
    // One in use whose access token lives longer than its refresh token does unused.
    expect(planLife(eightHours, 30 * dayMs, high).refreshInMs).toBe(4 * hourMs)
  })
})

describe('the next look at a connection', () => {
  const token = { type: 'oauth_token', endsInMs: 2 * hourMs } as const
  const lasting = { ...token, endsInMs: null } as const
  const key = { type: 'api_key', endsInMs: null } as const
  test.each([
    ['in use, with an end', { ...token, readAgoMs: 0 }, 15 * minuteMs],
    ['read 59 minutes ago', { ...token, readAgoMs: hourMs - 1 }, 15 * minuteMs],
    ['read an hour ago', { ...token, readAgoMs: hourMs }, 6 * hourMs],
    ['never read', { ...token, readAgoMs: null }, 6 * hourMs],
    ['in use, without an end', { ...lasting, readAgoMs: 0 }, hourMs],
    ['not in use, without an end', { ...lasting, readAgoMs: null }, 24 * hourMs],
    ['a key in use', { ...key, readAgoMs: 0 }, hourMs],
    ['a key not in use', { ...key, readAgoMs: null }, 24 * hourMs],
    ['a key with an end that is far', { ...key, endsInMs: 99 * hourMs, readAgoMs: 0 }, hourMs],
  ])('%s', (_, connection, pauseMs) => {
    expect(planProbe(connection, low)).toBeCloseTo(pauseMs * 0.8)
    expect(planProbe(connection, () => 0.5)).toBeCloseTo(pauseMs)
    expect(planProbe(connection, high)).toBeCloseTo(pauseMs * 1.2)
  })

  test('of a key is at its end at the latest', () => {
    expect(planProbe({ ...key, endsInMs: minuteMs, readAgoMs: 0 }, high)).toBe(minuteMs)
    expect(planProbe({ ...key, endsInMs: -1, readAgoMs: 0 }, () => 0.5)).toBeCloseTo(hourMs)
  })
})

describe('the pause after a failure', () => {
  test('doubles, up to five minutes', () => {
    const longest = [0, 1, 2, 3, 8, 9, 1_000].map((failures) => backoffMs(failures, high) - 500)
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 256_000, 300_000, 300_000])
  })

  test('is jittered in full, and never less than half a second', () => {
    for (const failures of [0, 5, 1_000]) expect(backoffMs(failures, low)).toBe(500)
    expect(backoffMs(3, () => 0.5)).toBe(4_500)
  })
})
