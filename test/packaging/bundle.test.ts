/** What a bundler puts before the user's browser. */
import { join } from 'node:path'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { expect } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { root } from './run.ts'

/** Bundles an entry as an app would, React left out, and names every module that went in. */
async function modulesIn(entry: string): Promise<string[]> {
  // With one entry and one format this is what `build` answers.
  const output = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@keywell/source', ...defaultClientConditions] },
    build: {
      write: false,
      rollupOptions: { external: /^react(\/|$)/ },
      lib: { entry: join(root, entry), formats: ['es'], fileName: 'bundle' },
    },
  })) as Rolldown.RolldownOutput[]
  return output
    .flatMap((each) => each.output)
    .flatMap((part) => (part.type === 'chunk' ? Object.keys(part.modules) : []))
}

/** What may go in: the package itself, and the planner and the choice of scopes that a backend has as well. */
const ours = [
  'packages/react/src/',
  'packages/protocol/src/scope-choice.ts',
  'packages/protocol/src/scope-plan.ts',
  'packages/protocol/src/scopes.ts',
]

verifies('house:browser-bundle', async () => {
  for (const entry of ['packages/react/src/index.ts', 'packages/react/src/core/index.ts']) {
    const modules = await modulesIn(entry)
    const foreign = modules.filter(
      (path) => !ours.some((folderOrFile) => path.startsWith(join(root, folderOrFile))),
    )
    expect(modules.length, entry).toBeGreaterThan(1)
    expect(foreign, entry).toEqual([])
  }
  // A schema brings zod along, so the check would see it.
  const modules = await modulesIn('packages/protocol/src/index.ts')
  expect(modules.some((path) => path.includes('node_modules/zod'))).toBe(true)
})
