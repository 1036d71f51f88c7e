import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defaultClientConditions, defaultServerConditions, type Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'
import { strippedVariable } from './test/support/runnable.ts'

// Our own condition comes first, so that every test runs from source and needs no build.
const resolve = { conditions: ['@keywell/source', ...defaultClientConditions] }
const ssr = { resolve: { conditions: ['@keywell/source', ...defaultServerConditions] } }
// Global setups run in an environment of Vitest's own, which takes its conditions from neither.
const environments = { __vitest__: { resolve: ssr.resolve } }
/** The thread of the embedded database starts from the run's copy as JavaScript: what reads TypeScript is a third of its start. */
const threadFromCopy: Plugin = {
  name: 'thread-from-copy',
  transform(code, id) {
    const copy = process.env[strippedVariable]
    if (copy === undefined || !id.endsWith('/src/store/pglite-thread.ts')) return
    const { href } = pathToFileURL(join(copy, 'packages/server/src/store/pglite-thread.js'))
    return code.replaceAll('import.meta.url', JSON.stringify(href))
  },
}
const shared = { resolve, ssr, environments, plugins: [threadFromCopy] }
/** How long `expect.poll` waits. It ends a broken test; a machine that is busy must not fail a good one. */
const expectation = { poll: { timeout: 15_000 } }

/**
 * Where a change is merged or not, a test that fails is run once more; the report names each that passed only then,
 * since it has a race, or waits for too little, and must be mended. On a developer's machine it fails at once.
 */
const retry = process.env.CI ? 1 : 0

/** What a file has that replaces what its process has one of, or measures it. */
const needsProcess = new RegExp(
  [
    "/spans\\.ts'|node:(v8|worker_threads)'|\\bvi\\.(mock|stub|use)|\\bglobalThis\\b|\\bsetGlobal",
    '\\bprocess\\.(env|on|once|chdir|exit)\\b',
  ].join('|'),
)
/** What a file has that opens a database, starts something, or takes time for tools. */
const starts = new RegExp(
  [
    "/(child|databases|deployment|engine|fleet|postgres|product|runnable|stage|wire)\\.ts'",
    "/scenarios/|node:child_process'|\\binject\\(|\\bvi\\.setConfig",
  ].join('|'),
)

/** The files of `node` that can share a process: starting one, and loading the product anew, is most of what many take. */
const sharing = ['packages', 'apps', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?!.*(node_modules|dist|e2e)\/).*\.test\.ts$/.test(path))
    .map((path) => join(folder, path))
    .filter((path) => !path.startsWith('packages/react/'))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
    .filter(({ text }) => !needsProcess.test(text))
    .map(({ path, text }) => ({ path, needsSetup: starts.test(text) })),
)
const sharingFiles = sharing.filter(({ needsSetup }) => !needsSetup).map(({ path }) => path)
const partsFiles = sharing.filter(({ needsSetup }) => needsSetup).map(({ path }) => path)

/** In place of the React that `npm install` puts beside everything else, in the testing library too. */
const react18 = [
  ...['react', 'react-dom'].map((name) => ({
    find: new RegExp(`^${name}(?=$|/)`),
    replacement: join(import.meta.dirname, 'test/react-18/node_modules', name),
  })),
  {
    // Its other build requires React natively.
    find: /^@testing-library\/react$/,
    replacement: join(
      import.meta.dirname,
      'node_modules/@testing-library/react/dist/@testing-library/react.esm.js',
    ),
  },
]

export default defineConfig({
  test: {
    // Much of a test is waiting: two files at once take little more than half the time, on two cores too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    reporters: ['./test/support/slowest-tests.ts', 'default'],
    projects: [
      {
        ...shared,
        test: {
          name: 'node',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [
            'packages/react/**',
            'test/e2e/**',
            '**/node_modules/**',
            '**/dist/**',
            ...sharingFiles,
            ...partsFiles,
          ],
          environment: 'node',
          expect: expectation,
          retry,
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/log-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'parts',
          include: partsFiles,
          exclude: [],
          environment: 'node',
          // Threads of one process share the compiled code of the embedded database; see `support/databases.ts`.
          isolate: false,
          expect: expectation,
          retry,
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['test/support/log-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'shared',
          include: sharingFiles,
          exclude: [],
          environment: 'node',
          isolate: false,
          expect: expectation,
          retry,
          testTimeout: 30_000,
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
          retry,
          globalSetup: ['test/support/global-setup.ts', 'test/support/app-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        resolve: { ...resolve, alias: react18 },
        test: {
          name: 'react 18',
          include: ['packages/react/src/*.test.tsx'],
          environment: 'jsdom',
          env: { KEYWELL_TEST_REACT: '18' },
          server: { deps: { inline: [/@testing-library/] } },
          expect: expectation,
          retry,
          globalSetup: ['test/support/global-setup.ts', 'test/support/app-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          isolate: false,
          expect: expectation,
          retry,
          globalSetup: ['test/support/global-setup.ts', 'test/support/browser-setup.ts'],
          setupFiles: ['test/support/log-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
