/** What a bundler puts before the user's browser. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { expect } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { root } from './run.ts'

/** Bundles an entry as an app would, React left out. */
async function bundle(entry: string) {
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
    .flatMap((part) => (part.type === 'chunk' ? [part] : []))
}

/** Every module that goes into it. */
async function modulesIn(entry: string): Promise<string[]> {
  return (await bundle(entry)).flatMap(({ modules }) => Object.keys(modules))
}

/** What may go in: the package itself, and what a backend has as well: planner, choice of scopes and titles. */
const ours = [
  'packages/react/src/',
  'packages/protocol/src/scope-choice.ts',
  'packages/protocol/src/scope-plan.ts',
  'packages/protocol/src/scopes.ts',
  'packages/providers/src/titles.ts',
]

const withoutReact = ['packages/react/src/core/index.ts', 'packages/react/src/element/index.ts']

verifies('house:browser-bundle', async () => {
  for (const entry of [...withoutReact, 'packages/react/src/index.ts']) {
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

verifies('house:without-react', async () => {
  const importsReact = async (entry: string) =>
    (await bundle(entry)).some(({ imports }) => imports.some((name) => /^react/.test(name)))
  for (const entry of withoutReact) expect(await importsReact(entry), entry).toBe(false)
  expect(await importsReact('packages/react/src/index.ts')).toBe(true)
  const manifest = JSON.parse(readFileSync(join(root, 'packages/react/package.json'), 'utf8'))
  expect(manifest.peerDependencies).toHaveProperty('react')
  expect(manifest.peerDependenciesMeta.react).toEqual({ optional: true })
})
