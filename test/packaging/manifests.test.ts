/** What `package.json` files and the lockfile promise to those who install. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { verifies } from '../support/verifies.ts'
import { root } from './run.ts'

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))
const versions = z.record(z.string(), z.string()).default({})

const house = z
  .object({ devDependencies: versions, allowScripts: z.record(z.string(), z.boolean()) })
  .parse(readJson('package.json'))

const locked = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        hasInstallScript: z.boolean().default(false),
        dev: z.boolean().default(false),
        optionalDependencies: versions,
      }),
    ),
  })
  .parse(readJson('package-lock.json')).packages

/** `node_modules/a/node_modules/@b/c` -> `@b/c`. */
const nameOf = (place: string): string => place.replace(/^.*node_modules\//, '')

verifies.suite('T35:install', () => {
  const withScripts = Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript)

  test('nothing that runs in production has an install script', () => {
    const inProduction = withScripts.filter(([, { dev }]) => !dev)
    expect(inProduction.map(([place]) => nameOf(place))).toEqual([])
  })

  test('every install script is denied by name', () => {
    const denied = Object.keys(house.allowScripts).filter((name) => !house.allowScripts[name])
    expect(denied.sort()).toEqual([...new Set(withScripts.map(([place]) => nameOf(place)))].sort())
  })

  test('the lockfile names the package of every platform, or `npm ci` refuses it', () => {
    const missing = Object.entries(locked).flatMap(([place, { optionalDependencies }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !locked[`${place}/node_modules/${name}`] && !locked[`node_modules/${name}`],
      ),
    )
    expect(missing).toEqual([])
  })

  test('tools have exact versions', () => {
    const loose = Object.values(house.devDependencies).filter(
      (each) => !/^\d+\.\d+\.\d+/.test(each),
    )
    expect(loose).toEqual([])
  })
})

test.each(readdirSync(join(root, 'packages')))('%s says what a consumer wants to know', (name) => {
  const manifest = z
    .object({ description: z.string().min(20), exports: z.record(z.string(), z.unknown()) })
    .loose()
    .parse(readJson(`packages/${name}/package.json`))
  expect(manifest).toMatchObject({
    name: `@keywell/${name}`,
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=20.19' },
    files: expect.arrayContaining(['dist', 'src', '!**/*.test.*', '!**/*.tsbuildinfo']),
  })
  for (const [key, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    // The order decides: our condition, then types, then what every consumer gets.
    const conditions = z.record(z.string(), z.string()).parse(target)
    expect(Object.keys(conditions), key).toEqual(['@keywell/source', 'types', 'default'])
  }
})
