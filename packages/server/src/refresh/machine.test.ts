import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type RefreshState,
  type ScheduleEvent,
  type Step,
  step,
  type TokenProbe,
} from './machine.ts'

type State = RefreshState['state']

const middle = { jitter: () => 0.5 }

function at(state: State, more: Partial<RefreshState> = {}): RefreshState {
  return { state, previousState: state, failures: 0, unresolved: false, ...more }
}

/** Claimed in this state, and sent. */
function attempt(previousState: State, more: Partial<RefreshState> = {}): RefreshState {
  return at('refreshing', { previousState, ...more })
}

function refusal(oldAccessToken: TokenProbe, more: { repeatable?: boolean } = {}) {
  const evidence = { refreshTokenEnded: false, repeatable: false, signInAgain: false, ...more }
  return { kind: 'rejected', oldAccessToken, ...evidence } as const
}

const events = {
  connected: { kind: 'connected' },
  claimed: { kind: 'claimed' },
  not_sent: { kind: 'not_sent', retryInMs: 7_000 },
  refreshed: { kind: 'refreshed' },
  overtaken: { kind: 'overtaken' },
  not_processed: { kind: 'not_processed', retryAfterMs: null },
  ambiguous: { kind: 'ambiguous' },
  rejected_active: refusal('active'),
  rejected_unknown: refusal('unknown'),
  rejected_expired: refusal('expired'),
  rejected_inactive: refusal('inactive'),
  client_rejected: { kind: 'client_rejected' },
  request_rejected: { kind: 'request_rejected' },
  suspended: { kind: 'suspended' },
  probed_inactive: { kind: 'probed_inactive' },
  disconnected: { kind: 'disconnected' },
} as const satisfies Record<string, ScheduleEvent>

const states = {
  none: at('none'),
  idle: at('idle'),
  backoff: at('backoff'),
  ambiguous: at('ambiguous'),
  suspect: at('suspect'),
  dead: at('dead'),
  'idle>': attempt('idle'),
  'backoff>': attempt('backoff'),
  'ambiguous>': attempt('ambiguous'),
  'suspect>': attempt('suspect'),
  'refreshing>': attempt('refreshing'),
} as const satisfies Record<string, RefreshState>

/** Where each event leads from each state; `-`: it has none. `idle>`: refreshing, and claimed when idle. */
const table = `
                  none idle       backoff    ambiguous  suspect    dead idle>      backoff>   ambiguous> suspect>   refreshing>
connected         idle idle       idle       idle       idle       idle idle       idle       idle       idle       idle
claimed           -    refreshing refreshing refreshing refreshing -    refreshing refreshing refreshing refreshing refreshing
not_sent          -    -          -          -          -          -    idle       backoff    ambiguous  suspect    ambiguous
refreshed         -    idle       idle       idle       idle       idle idle       idle       idle       idle       idle
overtaken         -    -          -          -          -          -    idle       idle       idle       idle       idle
not_processed     -    -          -          -          -          -    backoff    backoff    backoff    backoff    backoff
ambiguous         -    -          -          -          -          -    ambiguous  ambiguous  ambiguous  ambiguous  ambiguous
rejected_active   -    -          -          -          -          -    suspect    suspect    suspect    suspect    suspect
rejected_unknown  -    -          -          -          -          -    suspect    suspect    suspect    suspect    suspect
rejected_expired  -    -          -          -          -          -    suspect    suspect    suspect    dead       suspect
rejected_inactive -    -          -          -          -          -    dead       dead       dead       dead       dead
client_rejected   -    -          -          -          -          -    idle       backoff    ambiguous  suspect    ambiguous
request_rejected  -    -          -          -          -          -    backoff    backoff    backoff    backoff    backoff
suspended         -    -          -          -          -          -    backoff    backoff    backoff    backoff    backoff
probed_inactive   -    suspect    -          -          dead       -    -          -          -          -          -
disconnected      -    none       none       none       none       none none       none       none       none       none
`

describe('every event in every state', () => {
  const [names = [], ...rows] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/))

  test('the table knows them all', () => {
    expect(names).toEqual(Object.keys(states))
    expect(rows.map(([event]) => event)).toEqual(Object.keys(events))
    expect(rows.map(({ length }) => length)).toEqual(rows.map(() => names.length + 1))
  })

  test.each(Object.entries(events))('%s', (name, event) => {
    const found = Object.values(states).map((from) => step(from, event, middle)?.state ?? '-')
    expect([name, ...found]).toEqual(rows.find(([event]) => event === name))
  })
})

describe('the incident guard', () => {
  const clear = { ...attempt('suspect'), failures: 1 }

  test.each(['wait', 'hold'] as const)(
    '%s: what would end is asked again, and counts as refused',
    (decision) => {
      const next = step(clear, events.rejected_inactive, { ...middle, decision })
      expect(next).toMatchObject({
        state: 'suspect',
        death: null,
        refused: true,
        retryInMs: 120_000,
      })
      const reason = decision === 'hold' ? 'provider_incident' : 'rejected'
      expect(next?.health).toEqual({ health: 'degraded', reason })
    },
  )

  test('holds a token that nothing renews as well', () => {
    const next = step(at('suspect'), events.probed_inactive, { ...middle, decision: 'hold' })
    expect(next).toMatchObject({ state: 'suspect', death: null, refused: true })
  })

  test('a refusal that is not clear counts for nothing', () => {
    expect(step(clear, events.rejected_active, middle)?.refused).toBe(false)
    expect(step(clear, events.rejected_inactive, middle)).toMatchObject({
      state: 'dead',
      refused: true,
    })
  })
})

describe('doubt', () => {
  test('begins with the claim, before a byte is sent', () => {
    expect(step(at('idle'), events.claimed, middle)?.unresolved).toBe(true)
  })

  test.each(['refreshed', 'overtaken', 'connected'] as const)('%s ends it', (name) => {
    const from = attempt('ambiguous', { unresolved: true })
    expect(step(from, events[name], middle)?.unresolved).toBe(false)
  })

  test('an attempt without an outcome leaves one', () => {
    expect(step(attempt('idle'), events.ambiguous, middle)?.unresolved).toBe(true)
  })

  test.each([
    'not_sent',
    'not_processed',
    'rejected_active',
    'rejected_expired',
    'client_rejected',
    'request_rejected',
    'suspended',
  ] as const)('%s says nothing of an earlier attempt, and raises no doubt of its own', (name) => {
    for (const unresolved of [true, false]) {
      const from = attempt('idle', { unresolved })
      expect(step(from, events[name], middle)?.unresolved).toBe(unresolved)
    }
  })
})

describe('a refusal', () => {
  test('is no proof beside a token that lives or of which nothing is known, however often it comes', () => {
    for (const oldAccessToken of ['active', 'unknown'] as const) {
      for (const previousState of ['idle', 'suspect'] as const) {
        const from = attempt(previousState, { failures: 50, unresolved: true })
        expect(step(from, refusal(oldAccessToken), middle)?.state).toBe('suspect')
      }
    }
  })

  test('a dead access token does not prove it while a lost answer would explain that and a repeat is taken', () => {
    const repeatable = refusal('inactive', { repeatable: true })
    const end = (from: RefreshState) => step(from, repeatable, middle)?.state
    expect(end(attempt('ambiguous', { unresolved: true }))).toBe('suspect')
    expect(end(attempt('suspect', { unresolved: true }))).toBe('dead')
    expect(end(attempt('idle'))).toBe('dead')
  })

  test('is looked at again after a minute, then ever later, up to ten', () => {
    const pauses = [0, 1, 2, 3, 4, 50].map(
      (failures) =>
        step(attempt('suspect', { failures }), events.rejected_active, middle)?.retryInMs,
    )
    expect(pauses).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000])
  })

  test('a longer pause for confirmation is kept, whatever the bound', () => {
    const options = { ...middle, confirmAfterMs: 3_600_000 }
    expect(step(attempt('idle'), events.rejected_active, options)?.retryInMs).toBe(3_600_000)
    expect(step(attempt('idle', { failures: 9 }), events.rejected_active, options)?.retryInMs).toBe(
      3_600_000,
    )
  })
})

describe('the name of a death', () => {
  const lost = { status: 'expired', reason: 'lost_rotation' }
  const ended = { status: 'expired', reason: 'refresh_expired' }
  const revoked = { status: 'revoked', reason: 'revoked' }
  test.each([
    ['an attempt without an outcome', true, false, lost],
    ['that, and a refresh token past its end', true, true, lost],
    ['a refresh token past its end', false, true, ended],
    ['nothing that would explain it', false, false, revoked],
  ])('after %s', (_, unresolved, refreshTokenEnded, death) => {
    for (const oldAccessToken of ['inactive', 'expired'] as const) {
      const event = { ...refusal(oldAccessToken), refreshTokenEnded }
      const end = step(attempt('suspect', { unresolved }), event, middle)
      expect(end).toMatchObject({ state: 'dead', death, retryInMs: null })
      expect(end?.health).toEqual({ health: 'degraded', reason: death.reason })
    }
  })

  test('a lost answer explains no refusal where minting uses nothing up', () => {
    const event = { ...refusal('expired', { repeatable: true }), minted: true }
    expect(step(attempt('suspect', { unresolved: true }), event, middle)?.death).toEqual(revoked)
  })

  test('a policy that asks for a new sign-in is what the provider says, whatever else would explain it', () => {
    for (const unresolved of [true, false]) {
      const event = { ...refusal('expired'), signInAgain: true }
      const first = step(attempt('idle', { unresolved }), event, middle)
      expect(first).toMatchObject({ state: 'suspect', death: null })
      const end = step(attempt('suspect', { unresolved }), event, middle)
      const death = { status: 'expired', reason: 'sign_in_again' }
      expect(end).toMatchObject({ state: 'dead', death })
    }
  })

  test('the known end of a refresh token is confirmed by the first refusal, once no access token is left', () => {
    const event = (oldAccessToken: TokenProbe) => ({
      ...refusal(oldAccessToken),
      refreshTokenEnded: true,
    })
    for (const oldAccessToken of ['active', 'unknown'] as const) {
      expect(step(attempt('idle'), event(oldAccessToken), middle)?.state).toBe('suspect')
    }
    for (const oldAccessToken of ['inactive', 'expired'] as const) {
      expect(step(attempt('idle'), event(oldAccessToken), middle)?.death).toEqual(ended)
    }
  })

  test('of a token that cannot be refreshed: two looks, a minute apart', () => {
    const first = step(at('idle'), events.probed_inactive, middle)
    expect(first).toMatchObject({ state: 'suspect', death: null, retryInMs: 60_000 })
    expect(step(at('suspect'), events.probed_inactive, middle)).toMatchObject({ death: revoked })
  })
})

describe('the pause after', () => {
  test('a request that was not processed: full jitter, up to five minutes', () => {
    const pause = (failures: number, draw: number) =>
      step(attempt('idle', { failures }), events.not_processed, { jitter: () => draw })?.retryInMs
    expect([pause(0, 0), pause(0, 1), pause(3, 1), pause(50, 1)]).toEqual([
      500, 1_500, 8_500, 300_500,
    ])
  })

  test('the same, when the provider said how long: never shorter than that', () => {
    const outcome = { kind: 'not_processed', retryAfterMs: 90_000 } as const
    expect(step(attempt('idle'), outcome, middle)?.retryInMs).toBe(90_000)
    expect(step(attempt('idle', { failures: 20 }), outcome, middle)?.retryInMs).toBe(150_500)
  })

  test('silence: as if it had not been processed', () => {
    expect(step(attempt('idle'), events.ambiguous, middle)?.retryInMs).toBe(1_000)
  })

  test('any of these of ours ends with the token that it protects, once that has not ended yet', () => {
    const pauseOf = (event: ScheduleEvent, accessTokenEndsInMs: number | null) =>
      step(attempt('idle', { failures: 20 }), event, { ...middle, accessTokenEndsInMs })?.retryInMs
    const { not_processed, ambiguous, request_rejected, suspended } = events
    for (const event of [not_processed, ambiguous, request_rejected, suspended]) {
      expect(pauseOf(event, 20_000)).toBe(20_000)
      expect(pauseOf(event, -1)).toBe(pauseOf(event, null))
    }
    // The provider said how long; and a refusal is final only when it is repeated after its time.
    expect(pauseOf({ kind: 'not_processed', retryAfterMs: 90_000 }, 20_000)).toBe(90_000)
    expect(pauseOf(events.rejected_active, 200_000)).toBe(200_000)
    expect(pauseOf(events.rejected_active, 20_000)).toBe(60_000)
  })

  test('a wrong request of ours: an hour, and it counts against the integration', () => {
    const end = step(attempt('idle'), events.request_rejected, middle)
    expect(end).toMatchObject({ retryInMs: 3_600_000, attributedTo: 'request_rejected' })
  })

  test('a suspended account: an hour, and nothing but its health says so', () => {
    const end = step(attempt('idle'), events.suspended, middle)
    expect(end).toMatchObject({
      retryInMs: 3_600_000,
      health: { health: 'degraded', reason: 'suspended' },
      death: null,
      attributedTo: null,
      refused: false,
    })
  })

  test('a refused client: one to two minutes, as it stood, and not counted against the connection', () => {
    const pauses = [0, 1].map((draw) => {
      const from = attempt('backoff', { failures: 3 })
      const end = step(from, events.client_rejected, { jitter: () => draw })
      expect(end).toMatchObject({ state: 'backoff', failures: 3, attributedTo: 'client_rejected' })
      return end?.retryInMs
    })
    expect(pauses).toEqual([60_000, 120_000])
  })

  test('a claim of which nothing was sent: as it says, and it is no failure', () => {
    const end = step(attempt('suspect', { failures: 2 }), events.not_sent, middle)
    expect(end).toMatchObject({ state: 'suspect', failures: 2, retryInMs: 7_000, health: null })
  })
})

test('failures are counted until a success', () => {
  for (const name of [
    'not_processed',
    'ambiguous',
    'rejected_active',
    'request_rejected',
    'suspended',
  ] as const) {
    expect(step(attempt('idle', { failures: 4 }), events[name], middle)?.failures).toBe(5)
  }
  for (const name of ['refreshed', 'overtaken', 'connected'] as const) {
    expect(step(attempt('idle', { failures: 4 }), events[name], middle)?.failures).toBe(0)
  }
})

describe('a walk through any events', () => {
  const oldAccessToken = fc.constantFrom('active', 'inactive', 'unknown', 'expired')
  const anyEvent: fc.Arbitrary<ScheduleEvent> = fc.oneof(
    fc.constantFrom(...Object.values(events)),
    fc
      .record({
        oldAccessToken: oldAccessToken,
        refreshTokenEnded: fc.boolean(),
        repeatable: fc.boolean(),
        signInAgain: fc.boolean(),
        minted: fc.boolean(),
      })
      .map((evidence) => ({ kind: 'rejected', ...evidence }) as const),
  )
  const anyWalk = fc.array(fc.tuple(anyEvent, fc.double({ min: 0, max: 1, noNaN: true })))

  function walk(
    moves: readonly (readonly [ScheduleEvent, number])[],
    look: (from: RefreshState, event: ScheduleEvent, to: Step) => void,
  ): void {
    let now = at('idle')
    for (const [event, draw] of moves) {
      const to = step(now, event, { jitter: () => draw })
      if (to === undefined) continue
      look(now, event, to)
      // While an attempt runs, what stands is what was before it.
      const isClaim = event.kind === 'claimed'
      now = {
        ...to,
        previousState: isClaim ? now.state : to.state,
        unresolved: isClaim ? now.unresolved : to.unresolved,
      }
    }
  }

  test('gives up only on proof, and names every end', () => {
    fc.assert(
      fc.property(anyWalk, (moves) => {
        walk(moves, (from, event, to) => {
          expect(to.state === 'dead').toBe(to.death !== null)
          if (to.death === null) return
          if (event.kind === 'probed_inactive') return expect(from.state).toBe('suspect')
          if (event.kind !== 'rejected') throw new Error(`${event.kind} ended it`)
          if (event.refreshTokenEnded)
            return expect(['inactive', 'expired']).toContain(event.oldAccessToken)
          if (event.oldAccessToken === 'expired') return expect(from.previousState).toBe('suspect')
          expect(event.oldAccessToken).toBe('inactive')
        })
      }),
    )
  })

  test('reaches no other state that it cannot leave: there is a time for the next attempt, and it can be claimed', () => {
    const waiting = ['backoff', 'ambiguous', 'suspect']
    fc.assert(
      fc.property(anyWalk, (moves) => {
        walk(moves, (_, __, to) => {
          if (to.state === 'none') return
          if (waiting.includes(to.state)) {
            expect(to.retryInMs).toBeGreaterThan(0)
            expect(to.retryInMs).toBeLessThanOrEqual(3_600_000)
          }
          const now = at(to.state, to)
          const claimed = step(now, events.claimed, middle)?.state
          expect(claimed).toBe(to.state === 'dead' ? undefined : 'refreshing')
          // Even what was given up comes back when a pair arrives, or the user consents.
          expect(step(now, events.refreshed, middle)?.state).toBe('idle')
          expect(step(now, events.connected, middle)?.state).toBe('idle')
        })
      }),
    )
  })
})
