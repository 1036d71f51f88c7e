/**
 * Explores the life of one connection, for every kind of provider, and shows the shortest trace to each
 * fault that is planted: `npm run explore`, `npm run explore -- --depth 30`.
 */
import { parseArgs } from 'node:util'
import { explore } from './explore.ts'
import { everyProvider } from './rules.ts'

const { values } = parseArgs({
  options: {
    depth: { type: 'string' },
    states: { type: 'string' },
    misfortunes: { type: 'string' },
  },
})
const bounds = { depth: Number(values.depth ?? 1000), states: Number(values.states ?? 400_000) }
const misfortunes = Number(values.misfortunes ?? 2)
const atMost = { lives: 2, misfortunes, falseRefusals: 1, withdrawals: 1, disconnects: 1 }

for (const configuration of everyProvider(atMost)) {
  const beganMs = performance.now()
  const found = explore(configuration, bounds)
  process.stdout.write(
    `${configuration.name}: ${found.states} states, ${found.transitions} transitions, depth ${found.depth}${found.complete ? ', complete' : ''}, ${((performance.now() - beganMs) / 1000).toFixed(1)} s: ${found.violation === null ? 'all hold' : found.violation.sentence}\n`,
  )
  for (const line of found.violation?.trace ?? []) process.stdout.write(`    ${line}\n`)
}
