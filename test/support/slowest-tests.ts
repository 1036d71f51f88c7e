import type { Reporter, TestModule } from 'vitest/node'

/** How many are named. */
const named = 20

/**
 * Names the tests that took longest, so that the author of a new test sees what it costs, and those that passed only
 * when they were run again.
 */
export default class SlowestTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => {
      const path = module.relativeModuleId
      return [...module.children.allTests()].map((test) => ({
        ms: test.diagnostic()?.duration ?? 0,
        flaky: test.diagnostic()?.flaky ?? false,
        name: `${path} > ${test.name}`,
      }))
    })
    const flaky = tests.filter((test) => test.flaky)
    if (flaky.length > 0) {
      const names = flaky.map(({ name }) => `  ${name}`)
      process.stdout.write(`\nPassed only when run again: ${flaky.length}\n${names.join('\n')}\n`)
    }
    // A few are looked at anyway.
    if (tests.length <= named) return
    const slowest = tests.sort((one, other) => other.ms - one.ms).slice(0, named)
    const lines = slowest.map(
      ({ ms, name }) => `${(ms / 1000).toFixed(1).padStart(6)} s  ${name.slice(0, 150)}`,
    )
    process.stdout.write(`\nThe slowest of ${tests.length} tests:\n${lines.join('\n')}\n`)
  }
}
