/** The gate of `npm run size`: what a page downloads stays within its limits. */
import { ours, sizesWithLimits } from './sizes.ts'

const { table, aboveLimit } = await sizesWithLimits(ours)
process.stdout.write(`${table}\n`)
if (aboveLimit.length > 0) {
  const names = aboveLimit.join('; ')
  process.stderr.write(`Above its limit: ${names}. The limits are in test/bench/sizes.ts.\n`)
  process.exitCode = 1
}
