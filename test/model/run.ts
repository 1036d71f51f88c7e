/**
 * Walks through the life of one connection at every kind of provider, and shows what each planted fault
 * leads to: `npm run explore`. Longer: `npm run explore -- --lives 2 --misfortunes 2 --states 4000000`.
 * The exit code is 1 when something does not hold, or a planted fault is not found.
 */
import { parseArgs } from 'node:util'
import { type Exploration, explore } from './explore.ts'
import {
  type Budget,
  everyDormant,
  everyFault,
  everyMinted,
  everyProvider,
  everyShared,
} from './rules.ts'

const { values } = parseArgs({
  options: {
    lives: { type: 'string', default: '1' },
    misfortunes: { type: 'string', default: '1' },
    states: { type: 'string', default: '1000000' },
  },
})
const once = { falseRefusals: 1, withdrawals: 1, disconnects: 1 }
const atMost = { ...once, lives: count('lives'), misfortunes: count('misfortunes') }
const bounds = { depth: Number.POSITIVE_INFINITY, states: count('states') }
/** What the longest of the planted faults takes. */
const atMostForFaults = { ...once, lives: 3, misfortunes: 1, withdrawals: 0, disconnects: 0 }

const names: Record<keyof Budget, string> = {
  lives: 'tokens come due while they are good',
  misfortunes: 'misfortunes',
  falseRefusals: 'refusals for no reason',
  withdrawals: 'withdrawals',
  disconnects: 'disconnects',
}

say(`Two workers A and B and a reader keep one connection. Walked through, breadth first: every order in
which their steps, the provider and the passing of time can follow upon each other.
What must hold stands in invariants.ts and with the moves themselves.

In one walk at most: ${listed(atMost)}.
A misfortune is a crash, a pause that outlasts the lease, an answer or the reply to a commit that is lost.
`)
say(
  '| provider                                          |  states | transitions | moves | seconds | result',
)
for (const configuration of [
  ...everyProvider(atMost),
  ...everyDormant(atMost),
  ...everyShared(atMost),
  ...everyMinted(atMost),
]) {
  const { found, seconds } = measure(() => explore(configuration, bounds))
  const { states, transitions, depth, violation } = found
  const columns = [
    configuration.name.padEnd(49),
    states.toLocaleString('en').padStart(7),
    transitions.toLocaleString('en').padStart(11),
    String(depth).padStart(5),
    seconds.padStart(7),
    resultOf(found),
  ]
  say(`| ${columns.join(' | ')}`)
  if (violation !== null) fail(violation.trace)
}

say(`
Rules that are left out on purpose, and the shortest way to the harm.
In one walk at most: ${listed(atMostForFaults)}.`)
for (const configuration of everyFault(atMostForFaults)) {
  const found: Exploration = explore(configuration, bounds)
  const { fault, name } = configuration
  say(`\n${fault} (${name}): ${found.violation?.sentence ?? 'NOT FOUND'}`)
  if (found.violation === null) process.exitCode = 1
  else printTrace(found.violation.trace)
}

function count(option: keyof typeof values): number {
  const given = values[option]
  if (/^\d{1,9}$/.test(given)) return Number(given)
  process.stderr.write(`--${option} takes a whole number, not "${given}".\n`)
  process.exit(2)
}

function measure(run: () => Exploration): { found: Exploration; seconds: string } {
  const beganMs = performance.now()
  const found = run()
  return { found, seconds: ((performance.now() - beganMs) / 1_000).toFixed(1) }
}

function resultOf({ violation, complete }: Exploration): string {
  if (violation !== null) return `VIOLATED: ${violation.sentence}`
  return complete ? 'everything holds, to the end' : 'everything holds, as far as it was walked'
}

function fail(trace: readonly string[]): void {
  process.exitCode = 1
  printTrace(trace)
}

function printTrace(trace: readonly string[]): void {
  trace.forEach((move, index) => {
    say(`  ${String(index + 1).padStart(2)}  ${move}`)
  })
}

function listed(budget: Budget): string {
  return Object.entries(names)
    .map(([what, name]) => `${name}: ${budget[what as keyof Budget]}`) // the names have its keys
    .join(', ')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
