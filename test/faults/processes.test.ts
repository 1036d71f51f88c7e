import { expect } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { databaseRestarts } from './scenarios/database-restarts.ts'
import { disconnectInFlight } from './scenarios/disconnect-in-flight.ts'
import { drain } from './scenarios/drain.ts'
import { pauses } from './scenarios/pauses.ts'

// What happens to processes and to the database; short forms of what `npm run faults` does for longer.

const timeout = 120_000

verifies(
  'R1:pauses',
  async () => {
    const { figures, violations } = await pauses.run(pauses.short)
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ lost: 0, overlaps: 0 })
  },
  { timeout },
)

verifies(
  'R5:database-restarts',
  async () => {
    const { figures, violations } = await databaseRestarts.run(databaseRestarts.short)
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ restarts: 2, lost: 0 })
  },
  { timeout },
)

verifies(
  'disconnect:in-flight-processes',
  async () => {
    const { violations } = await disconnectInFlight.run(disconnectInFlight.short)
    expect(violations).toEqual([])
  },
  { timeout },
)

verifies(
  'R14:drain',
  async () => {
    const { figures, violations } = await drain.run(drain.short)
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ stops: 3, lost: 0 })
  },
  { timeout },
)
