import type { RefreshRecord } from '@keywell/sandbox'
import { describe, expect, test } from 'vitest'
import { type Account, type Evidence, judge } from './ledger.ts'

// Forged runs: the judge must find each fault, and let an honest run pass.

const account = (more: Partial<Account> = {}): Account => ({
  connectionId: 'con_1',
  grantId: 'grant',
  status: 'active',
  reason: null,
  generation: 2,
  grantLives: true,
  holdsNewest: true,
  ...more,
})

const refresh = (more: Partial<RefreshRecord> = {}): RefreshRecord => ({
  grantId: 'grant',
  pairId: 1,
  startedAt: 1_000,
  endedAt: 1_010,
  issued: true,
  status: 200,
  delivered: true,
  ...more,
})

const run = (more: Partial<Evidence> = {}): Evidence => ({
  accounts: [account()],
  refreshes: [refresh()],
  disturbances: [],
  doubleCommits: [],
  worstLateLeaseMs: 0,
  ...more,
})

const lostByDrop = { refreshes: [refresh({ status: null, delivered: false })] }
const lost = { generation: 1, grantLives: true, holdsNewest: null }
const named = { ...lost, status: 'expired', reason: 'lost_rotation' }

test('an honest run is well', () => {
  const { figures, violations } = judge(run())
  expect(violations).toEqual([])
  expect(figures).toMatchObject({ connections: 1, refreshes: 1, lost: 0, overlaps: 0 })
})

describe('a lost pair', () => {
  test('is excused by a dropped answer, under its name', () => {
    const { figures, violations } = judge(run({ ...lostByDrop, accounts: [account(named)] }))
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ lost: 1, named: 1, droppedAnswers: 1, falseDeaths: 0 })
  })

  test.each([
    ['is not noticed', lost],
    ['is called a revocation', { ...named, status: 'revoked', reason: 'revoked' }],
    ['has another reason', { ...named, reason: 'refresh_expired' }],
  ])('violates when it %s', (_, more) => {
    const { violations } = judge(run({ ...lostByDrop, accounts: [account(more)] }))
    expect(violations).toEqual([expect.stringContaining('not called lost_rotation')])
  })

  test('is excused by a kill just after its answer, and by no other', () => {
    const killedAfter = (ms: number) =>
      judge(
        run({
          accounts: [account(named)],
          disturbances: [{ kind: 'kill', at: 1_010 + ms }],
        }),
      ).violations
    expect(killedAfter(1_000)).toEqual([])
    expect(killedAfter(1_001)).toEqual([expect.stringContaining('without a crash or a drop')])
    // It was on its way to the provider when its sender died, and no longer.
    expect(killedAfter(-510)).toEqual([])
    expect(killedAfter(-511)).toEqual([expect.stringContaining('without a crash or a drop')])
  })
})

test('a death is false when the stored pair lives', () => {
  const dead = { status: 'revoked', reason: 'revoked', holdsNewest: null }
  const { figures, violations } = judge(run({ accounts: [account(dead)] }))
  expect(figures.falseDeaths).toBe(1)
  expect(violations).toEqual([expect.stringContaining('called dead, while its stored pair lives')])
  const truly = judge(run({ accounts: [account({ ...dead, grantLives: false })] }))
  expect(truly.violations).toEqual([])
})

describe('a refresh token that goes out again', () => {
  const again = refresh({ startedAt: 2_000, endedAt: 2_010, issued: false, status: 400 })

  test('after its pair was delivered is double use', () => {
    const { figures, violations } = judge(run({ refreshes: [refresh(), again] }))
    expect(figures.repeatsAfterPair).toBe(1)
    expect(violations).toEqual([expect.stringContaining('sent again, with no reason for doubt')])
  })

  test.each([
    ['silence', { status: null, delivered: false }, 'repeatsAfterSilence'],
    ['a refusal', { status: 400 }, 'repeatsAfterRefusal'],
  ])('after %s is not', (_, first, figure) => {
    const repeat = { ...again, issued: true, status: 200 }
    const { figures, violations } = judge(
      run({ refreshes: [refresh({ issued: false, ...first }), repeat] }),
    )
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ [figure]: 1, repeatsAfterPair: 0 })
  })

  test('after a kill is not', () => {
    const { figures, violations } = judge(
      run({
        accounts: [account(named)],
        refreshes: [refresh(), again],
        disturbances: [{ kind: 'kill', at: 1_500 }],
      }),
    )
    expect(violations).toEqual([])
    expect(figures.repeatsAfterPair).toBe(1)
  })
})

test.each([
  [
    'two requests at once',
    {
      accounts: [account({ generation: 3 })],
      refreshes: [refresh(), refresh({ pairId: 2, startedAt: 1_009 })],
    },
    'two requests at once',
  ],
  [
    'one that begins while another never ends',
    {
      accounts: [account({ generation: 3 })],
      refreshes: [refresh({ endedAt: null }), refresh({ pairId: 2, startedAt: 9_000 })],
    },
    'two requests at once',
  ],
  ['more commits than pairs', { accounts: [account({ generation: 3 })] }, '1 more commits'],
  [
    'a stored pair that is not the newest',
    { accounts: [account({ holdsNewest: false })] },
    'not the newest',
  ],
  [
    'a generation that was committed twice',
    { doubleCommits: [{ connectionId: 'con_1', generation: 2 }] },
    'committed twice',
  ],
  ['a lease that was left', { worstLateLeaseMs: 20_001 }, 'left for 20001 ms'],
  [
    'a token that was never issued',
    {
      refreshes: [refresh(), refresh({ grantId: null, pairId: null, issued: false, status: 400 })],
    },
    'never gave',
  ],
])('%s: a violation', (_, more, sentence) => {
  expect(judge(run(more)).violations).toEqual([expect.stringContaining(sentence)])
})
