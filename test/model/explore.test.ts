/** Short walks; `npm run explore` takes longer ones. */
import { describe, expect, test } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { explore } from './explore.ts'
import {
  type Budget,
  everyDormant,
  everyFault,
  everyMinted,
  everyProvider,
  everyShared,
  type Fault,
} from './rules.ts'

const unbounded = { depth: Number.POSITIVE_INFINITY, states: Number.POSITIVE_INFINITY }
const quiet: Budget = { lives: 1, misfortunes: 1, falseRefusals: 0, withdrawals: 0, disconnects: 0 }
const once: Budget = { lives: 1, misfortunes: 1, falseRefusals: 1, withdrawals: 1, disconnects: 1 }

verifies.suite('model:invariants', () => {
  describe('one life with one misfortune, to its end', () => {
    test.each(everyProvider(quiet))('$name', (configuration) => {
      const { violation, complete, states } = explore(configuration, unbounded)
      expect(violation).toBeNull()
      expect(complete).toBe(true)
      expect(states).toBeGreaterThan(1_000)
    })
  })

  describe('everything once, for twelve moves', () => {
    test.each(everyProvider(once))('$name', (configuration) => {
      const { violation, depth } = explore(configuration, { ...unbounded, depth: 12 })
      expect(violation).toBeNull()
      expect(depth).toBe(12)
    })
  })
})

verifies.suite('model:minted', () => {
  test.each(everyMinted({ ...quiet, withdrawals: 1 }))('$name', (configuration) => {
    const { violation, complete, states } = explore(configuration, unbounded)
    expect(violation).toBeNull()
    expect(complete).toBe(true)
    expect(states).toBeGreaterThan(1_000)
  })
})

verifies.suite('model:dormant', () => {
  test.each(everyDormant(quiet))('$name', (configuration) => {
    const { violation, complete, states } = explore(configuration, unbounded)
    expect(violation).toBeNull()
    expect(complete).toBe(true)
    expect(states).toBeGreaterThan(500)
  })
})

verifies.suite('model:incident', () => {
  const calm = { ...quiet, misfortunes: 0, withdrawals: 1 }
  test.each(everyShared(calm))('$name', (configuration) => {
    const { violation, complete, states } = explore(configuration, unbounded)
    expect(violation).toBeNull()
    expect(complete).toBe(true)
    expect(states).toBeGreaterThan(500)
  })
})

const falseDeath = 'a connection is dead, and its stored pair lives'
const thrownAway = 'a pair that reached a living process is thrown away'
const careless = 'a refresh token goes out again as if nothing had happened'
const unnamed = 'a loss is not called lost_rotation'

const untold = 'nothing is lost where it is minted, and a reason says otherwise'
const tooEarly = 'a family is risked while its access token has time'

/** What leaving out the rule leads to, and the moves that it takes at least. */
const harms: Record<Fault, [sentence: string, moves: number]> = {
  'no compare-and-set': [thrownAway, 13],
  'no intent': [careless, 8],
  'abort at the deadline': [thrownAway, 6],
  'death at the first invalid_grant': [falseDeath, 7],
  'failure writes without the lease check': [unnamed, 13],
  'ambiguous taken for not processed': [careless, 10],
  'the time left is that of before the request': [falseDeath, 7],
  'a claim is not looked at again before the send': [
    'two requests at once, though no lease had ended',
    14,
  ],
  'a dead access token always proves the end': [falseDeath, 12],
  'a lease does not end': ['there is no way out', 3],
  'a read of a dormant connection waits for its planned refresh': ['there is no way out', 1],
  'no incident guard': [falseDeath, 8],
  'a success ends every doubt': [unnamed, 19],
  'pairs kept aside are tried although a family is at stake': [tooEarly, 19],
  'a family is risked as soon as its grace is over': [tooEarly, 11],
  'a refusal of what tokens are minted from is taken for a lost answer': [untold, 17],
}

verifies.suite('model:planted-faults', () => {
  const atMost = { ...quiet, lives: 3, falseRefusals: 1 }
  test.each(everyFault(atMost))('$fault', (configuration) => {
    const { violation } = explore(configuration, unbounded)
    const { sentence, trace } = violation ?? { sentence: 'nothing', trace: [] }
    expect([sentence, trace.length]).toEqual(harms[configuration.fault])
    // Shorter walks do not come across it.
    expect(explore(configuration, { ...unbounded, depth: trace.length - 1 }).violation).toBeNull()
  })
})

test('a trace shows what happened, from the beginning on', () => {
  const faults = everyFault({ ...quiet, falseRefusals: 1 })
  const [death] = faults.filter(({ fault }) => fault === 'death at the first invalid_grant')
  expect(death && explore(death, unbounded).violation?.trace).toEqual([
    'the refresh is due',
    'A claims',
    'A reads the row',
    'A sends the refresh token of pair 0',
    'A is refused for no reason',
    'A is refused, and sees the old access token active',
    'A writes dead, revoked',
  ])
})
