/**
 * Runs fault scenarios: `npm run faults -- kill-points`, `npm run faults -- outage --long`, or
 * `npm run faults -- all`. Each ends in one line; the exit code is 1 when something was violated.
 */
import { parseArgs } from 'node:util'
import { lineOf, type Outcome } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'

const shownViolations = 10

const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const names = positionals[0] === 'all' ? Object.keys(scenarios) : positionals
const unknown = names.filter((name) => !Object.hasOwn(scenarios, name))
if (names.length === 0 || unknown.length > 0) {
  const table = Object.entries(scenarios).map(
    ([name, { title }]) => `  ${name.padEnd(22)}${title}\n`,
  )
  process.stderr.write(
    `${names.length === 0 ? 'Which scenario?' : `There is no scenario "${unknown[0]}".`} There are:\n` +
      `${table.join('')}Usage: npm run faults -- <name …|all> [--long]\n`,
  )
  process.exit(2)
}
for (const name of names) await run(name)
process.exit()

async function run(name: string): Promise<void> {
  const beganMs = performance.now()
  const scenario = scenarios[name]
  if (scenario === undefined) return
  const outcome = await scenario.run(values.long ? 'long' : 'short').catch(brokenOff)
  for (const violation of outcome.violations.slice(0, shownViolations)) {
    process.stdout.write(`  ! ${violation}\n`)
  }
  process.stdout.write(`${lineOf(name, outcome, (performance.now() - beganMs) / 1_000)}\n`)
  if (outcome.violations.length > 0) process.exitCode = 1
}

/** A run that came to no end is a violation like others. */
function brokenOff(error: unknown): Outcome {
  return { figures: {}, violations: [`broken off: ${error}`] }
}
