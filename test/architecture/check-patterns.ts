/** The part of `npm run check` that reads every regular expression of the product. */
import { fileURLToPath } from 'node:url'
import { patternFaults } from './patterns.ts'
import { readSources } from './source.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const faults = await patternFaults(readSources(root))
for (const { path, message } of faults) process.stderr.write(`${path}: ${message}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
