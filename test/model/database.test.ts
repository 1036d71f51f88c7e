/** The rules in `database.ts` do what the statements do: the same random traces are run on both. */
import fc from 'fast-check'
import { beforeAll, expect } from 'vitest'
import { describeEachDatabase } from '../support/databases.ts'
import type { TestDatabase } from '../support/inspected.ts'
import { verifies } from '../support/verifies.ts'
import { connected } from './database.ts'
import { type Act, createPair, everyAct } from './side-by-side.ts'

const worker = fc.constantFrom(0, 1, 2)
const recheckState = fc.constantFrom('none', 'of_later_claims', 'all')
const time = fc.constantFrom('due', 'ends', 'lease_ends', 'doubt_ages')

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: time }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('claim'), worker }) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('commit'), worker, recheckState }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('fail'),
      worker,
      state: fc.constantFrom('idle', 'backoff', 'ambiguous', 'suspect'),
      unresolved: fc.boolean(),
      retryInMs: fc.constantFrom(60_000, null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('die', 'restart'), worker }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('probe_inactive', 'take_orphan') }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('disconnect', 'take_orphan') }) },
)

const claimedByAll: Act[] = [
  { act: 'due' },
  { act: 'claim', worker: 0 },
  { act: 'lease_ends' },
  { act: 'claim', worker: 1 },
  { act: 'lease_ends' },
  { act: 'claim', worker: 2 },
]
const committedByAll: Act[] = [0, 1, 2].map((at) => {
  return { act: 'commit', worker: at, recheckState: 'none' }
})
/** What chance comes to seldom. */
const examples: [Act[]][] = [
  // A doubt that is settled begins anew with the claim that settled it.
  [
    [
      { act: 'due' },
      { act: 'claim', worker: 0 },
      { act: 'doubt_ages' },
      { act: 'restart', worker: 0 },
    ],
  ],
  // The youngest of two that are kept aside is tried first.
  [[...claimedByAll, ...committedByAll, { act: 'take_orphan' }, { act: 'take_orphan' }]],
  // Three pairs of one generation, all of a grant that is to be withdrawn.
  [[...claimedByAll, { act: 'disconnect' }, ...committedByAll, ...committedByAll]],
]

describeEachDatabase('the mirror', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  verifies('model:mirror', async () => {
    const effects = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(anyAct, { minLength: 20, maxLength: 40 }), async (trace) => {
        const pair = await createPair(database)
        expect(await pair.stored()).toEqual(connected)
        for (const act of trace) {
          const before = JSON.stringify(pair.mirrored())
          await pair.run(act)
          expect(await pair.stored(), JSON.stringify(act)).toEqual(pair.mirrored())
          if (JSON.stringify(pair.mirrored()) !== before) effects.add(act.act)
        }
      }),
      { numRuns: 40, seed: 1, examples },
    )
    // Nothing was compared for want of a trace that gets there.
    expect([...effects].sort()).toEqual([...everyAct].sort())
  })
})
