import { expect } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { clientRefused } from './scenarios/client-refused.ts'
import { falseRefusals } from './scenarios/false-refusals.ts'
import { outage } from './scenarios/outage.ts'
import { providerIncident } from './scenarios/provider-incident.ts'
import { serveUntilOver } from './scenarios/serve-until-over.ts'

// What a provider does wrong; short forms of what `npm run faults` does for longer.

const timeout = 120_000

verifies(
  'R11:outage',
  async () => {
    const { figures, violations } = await outage.run(outage.short)
    expect(violations).toEqual([])
    // That reads went on at all; how many depends on the machine.
    expect(figures.served).toBeGreaterThan(10)
  },
  { timeout },
)

verifies(
  'R9:false-refusals',
  async () => {
    const { violations } = await falseRefusals.run(falseRefusals.short)
    expect(violations).toEqual([])
  },
  { timeout },
)

verifies(
  'R9:client-refused',
  async () => {
    const { violations } = await clientRefused.run(clientRefused.short)
    expect(violations).toEqual([])
  },
  { timeout },
)

verifies(
  'R8:dead-endpoint',
  async () => {
    const { violations } = await serveUntilOver.run(serveUntilOver.short)
    expect(violations).toEqual([])
  },
  { timeout },
)

verifies(
  'incident:fleet',
  async () => {
    const { figures, violations } = await providerIncident.run(providerIncident.short)
    expect(violations).toEqual([])
    expect(figures).toMatchObject({ ended: 0, notRevoked: 0 })
  },
  { timeout },
)
