/**
 * Explores the life of one connection at every kind of provider, and shows the shortest trace to each
 * fault that can be planted: `npm run explore`, `npm run explore -- --misfortunes 3 --states 4000000`.
 * The exit code is 1 when something does not hold, or a planted fault is not found.
 */
import { parseArgs } from 'node:util'
import { type Exploration, explore } from './explore.ts'
import { type Configuration, everyFault, everyProvider } from './rules.ts'

const { values } = parseArgs({
  options: {
    lives: { type: 'string', default: '2' },
    misfortunes: { type: 'string', default: '2' },
    states: { type: 'string', default: '1500000' },
  },
})
const once = { falseRefusals: 1, withdrawals: 1, disconnects: 1 }
const atMost = { ...once, lives: Number(values.lives), misfortunes: Number(values.misfortunes) }
const bounds = { depth: Number.POSITIVE_INFINITY, states: Number(values.states) }

for (const configuration of everyProvider(atMost)) {
  const found = run(configuration)
  if (found.violation !== null) process.exitCode = 1
}
for (const configuration of everyFault(atMost)) {
  const found = run(configuration)
  if (found.violation === null) process.exitCode = 1
}

function run(configuration: Configuration): Exploration {
  const beganMs = performance.now()
  const found = explore(configuration, bounds)
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1)
  const { name, fault } = configuration
  const figures = `${found.states} states, ${found.transitions} transitions, depth ${found.depth}`
  const extent = found.complete ? 'nothing left to explore' : 'the bound of states was reached'
  const result = found.violation?.sentence ?? `all invariants hold; ${extent}`
  const planted = fault === null ? '' : `planted: ${fault}; `
  process.stdout.write(`${planted}${name}: ${figures}, ${seconds} s: ${result}\n`)
  for (const move of found.violation?.trace ?? []) process.stdout.write(`    ${move}\n`)
  return found
}
