import { availableParallelism } from 'node:os'
import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

// Our own condition comes first, so that every test runs from source and needs no build.
const resolve = { conditions: ['@keywell/source', ...defaultClientConditions] }
const ssr = { resolve: { conditions: ['@keywell/source', ...defaultServerConditions] } }
// Global setups run in an environment of Vitest's own, which takes its conditions from neither.
const environments = { __vitest__: { resolve: ssr.resolve } }
const shared = { resolve, ssr, environments }
/** How long `expect.poll` waits. It ends a broken test; a machine that is busy must not fail a good one. */
const expectation = { poll: { timeout: 15_000 } }

export default defineConfig({
  test: {
    // Much of a test is waiting: two files at once take little more than half the time, on two cores too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['./test/support/slowest-tests.ts', 'default'],
    projects: [
      {
        ...shared,
        test: {
          name: 'node',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['packages/react/**', 'test/e2e/**', '**/node_modules/**', '**/dist/**'],
          environment: 'node',
          expect: expectation,
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'dom',
          include: ['packages/react/src/**/*.test.{ts,tsx}'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          environment: 'jsdom',
          expect: expectation,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          expect: expectation,
          globalSetup: ['test/support/global-setup.ts', 'test/support/browser-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
