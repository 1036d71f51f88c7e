/**
 * Prints a bench: `npm run bench -- sdk`, or `npm run bench -- sdk --json` for one line per figure.
 */
import { parseArgs } from 'node:util'
import { type Bench, type Figure, tableOf } from './figure.ts'

/** Every bench by name; loaded only when it is asked for. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  connect: async () => (await import('./connect.ts')).connect,
  sdk: async () => (await import('./sdk.ts')).sdk,
  million: async () => (await import('./million.ts')).millionOfConnections,
  push: async () => (await import('./push.ts')).push,
  reads: async () => (await import('./reads.ts')).reads,
  refresh: async () => (await import('./refresh.ts')).refresh,
  sizes: async () => (await import('./sizes.ts')).sizes,
  streams: async () => (await import('./streams.ts')).streams,
  tools: async () => (await import('./tools.ts')).tools,
  vault: async () => (await import('./vault.ts')).vault,
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [name = ''] = positionals
const load = benches[name]
if (load === undefined) {
  const names = Object.keys(benches).join(', ')
  process.stderr.write(
    `${name === '' ? 'Which bench?' : `There is no bench "${name}".`} There are: ${names}.\n` +
      'Usage: npm run bench -- <name> [--json]\n',
  )
  process.exitCode = 1
} else {
  await print(await load(), values.json)
}

async function print(bench: Bench, asJson: boolean): Promise<void> {
  const all: Figure[] = []
  for (const measure of bench) {
    for (const figure of await measure()) {
      all.push(figure)
      if (asJson) process.stdout.write(`${JSON.stringify(figure)}\n`)
    }
  }
  if (!asJson) process.stdout.write(`${tableOf(all)}\n`)
}
