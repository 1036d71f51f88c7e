/**
 * A gate that never failed may check nothing. Here each gate runs on a small project, the house, with our real
 * configuration, and passes. Then it runs on the same project with one fault in it, and fails.
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ours, sizesWithLimits } from './bench/sizes.ts'
import { weigh } from './bench/weigh.ts'
import { consumerFaults } from './packaging/consumer.ts'
import { pack, packFaults } from './packaging/pack.ts'
import { type Outcome, root, run } from './packaging/run.ts'
import { verifies } from './support/verifies.ts'

// Tools as processes of their own; they take what a busy machine leaves them.
vi.setConfig({ testTimeout: 120_000 })

let house: string

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'keywell-gates-'))
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'))
  for (const file of ['biome.json', 'tsconfig.json', '.gitignore']) {
    await cp(join(root, file), join(house, file))
  }
  const { knip } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  await write('package.json', {
    name: 'house',
    private: true,
    type: 'module',
    workspaces: ['packages/*'],
    knip: { ...knip, workspaces: {} },
  })
  await write('packages/sdk/package.json', manifest({}))
  await write('packages/sdk/tsconfig.json', { extends: '../../tsconfig.json', include: ['src'] })
  await write('packages/sdk/README.md', '# @keywell/sdk\n')
  await write('packages/sdk/src/index.ts', "export { one } from './one.ts'\n")
  await write('packages/sdk/src/one.ts', 'export const one = 1\n')
})
afterAll(() => rm(house, { recursive: true, force: true }))

const exported = { types: './dist/index.d.ts', default: './dist/index.js' }

function manifest(changes: object): object {
  return {
    name: '@keywell/sdk',
    version: '0.1.0',
    type: 'module',
    sideEffects: false,
    files: ['dist', 'src'],
    exports: { '.': { '@keywell/source': './src/index.ts', ...exported } },
    ...changes,
  }
}

async function write(path: string, content: string | object): Promise<void> {
  await mkdir(dirname(join(house, path)), { recursive: true })
  const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`
  await writeFile(join(house, path), text)
}

/** Runs a gate with these files in the house, and puts the house back as it was. */
async function withPlanted(
  files: Readonly<Record<string, string | object>>,
  gate: () => Promise<Outcome>,
): Promise<Outcome> {
  const before = await Promise.all(
    Object.keys(files).map((path) => readFile(join(house, path), 'utf8').catch(() => undefined)),
  )
  for (const [path, content] of Object.entries(files)) await write(path, content)
  try {
    return await gate()
  } finally {
    for (const [index, path] of Object.keys(files).entries()) {
      const text = before[index]
      if (text === undefined) await rm(join(house, path))
      else await write(path, text)
    }
  }
}

verifies.suite('house:gates', () => {
  describe('Biome', () => {
    const lint = () =>
      run('biome', ['ci', '.', '--max-diagnostics=none', '--error-on-warnings'], house)

    test('is content with the clean house', async () => {
      await run('biome', ['format', '--write', '.'], house)
      expect(await lint()).toMatchObject({ code: 0 })
    })

    test('finds what the rules forbid', async () => {
      const { code, output } = await withPlanted(
        {
          'packages/sdk/src/planted.ts': `import { readFileSync } from 'fs'
import { z } from 'zod'
import { one } from './one'

export default async function work(): Promise<void> {
  await Promise.resolve(readFileSync)
}

work()
if (work()) console.log(z, one)
export const length = (text: string | undefined): number => text!.length
export const parse = (text: any): unknown => text
`,
          'packages/sdk/src/round.ts': "export { about } from './about.ts'\n",
          'packages/sdk/src/about.ts': "export { round } from './round.ts'\n",
          'packages/server/src/health/planted.ts':
            "export const answer = await fetch('https://a.b')\n",
        },
        lint,
      )
      expect(code).not.toBe(0)
      expect(new Set(output.match(/lint\/\w+\/\w+/g))).toEqual(
        new Set([
          'lint/correctness/noUndeclaredDependencies',
          'lint/correctness/useImportExtensions',
          'lint/nursery/noFloatingPromises',
          'lint/nursery/noMisusedPromises',
          'lint/style/noDefaultExport',
          'lint/style/noNonNullAssertion',
          'lint/style/noRestrictedGlobals',
          'lint/style/useNodejsImportProtocol',
          'lint/suspicious/noConsole',
          'lint/suspicious/noExplicitAny',
          'lint/suspicious/noImportCycles',
        ]),
      )
    })

    test('finds what is not formatted', async () => {
      const text = 'export const one = "1";\n'
      const { code, output } = await withPlanted({ 'packages/sdk/src/one.ts': text }, lint)
      expect(code).not.toBe(0)
      expect(output).toContain('packages/sdk/src/one.ts format')
    })
  })

  describe('TypeScript', () => {
    const compile = () => run('tsc', ['-b', 'packages/sdk'], house)

    test('is content with the clean house', async () => {
      expect(await compile()).toEqual({ code: 0, output: '' })
    })

    test.each([
      ['a wrong type', 'export const planted: number = "text"', 'TS2322'],
      ['an index that may be missing', 'export const planted: string = "".split("")[0]', 'TS2322'],
      ['a public type that is not written out', 'export const planted = [1].map(String)', 'TS9010'],
      ['syntax that has to be compiled away', 'export enum Planted { One }', 'TS1294'],
      ['a variable that is not read', 'const planted = 1\nexport {}', 'TS6133'],
      ['an import without extension', "export { one as planted } from './one'", 'TS2835'],
    ])('finds %s', async (_, text, error) => {
      const { code, output } = await withPlanted({ 'packages/sdk/src/planted.ts': text }, compile)
      expect(code).not.toBe(0)
      expect(output).toContain(error)
    })
  })

  describe('knip', () => {
    const knip = () => run('knip', ['--no-config-hints'], house)

    test('is content with the clean house', async () => {
      expect(await knip()).toMatchObject({ code: 0 })
    })

    test('finds what is not used, and what is not declared', async () => {
      const { code, output } = await withPlanted(
        {
          'packages/sdk/package.json': manifest({ dependencies: { 'lru-cache': '11.5.3' } }),
          'packages/sdk/src/one.ts':
            "import 'hono'\n\nexport const one = 1\nexport const two = 2\n",
          'packages/sdk/src/orphan.ts': 'export const three = 3\n',
        },
        knip,
      )
      expect(code).not.toBe(0)
      expect(output).toMatch(/Unused dependencies[\s\S]*lru-cache/)
      expect(output).toMatch(/Unlisted dependencies[\s\S]*hono/)
      expect(output).toMatch(/Unused exports[\s\S]*two/)
      expect(output).toMatch(/Unused files[\s\S]*orphan\.ts/)
    })
  })

  describe('packing', () => {
    /** Everything that the pack check says about the package of the house. */
    async function check(): Promise<Outcome> {
      const target = await mkdtemp(join(house, 'packed-'))
      const packed = await pack(join(house, 'packages/sdk'), target)
      const faults = [
        ...(await packFaults(packed)),
        ...(await consumerFaults([packed.tarball], target)),
      ]
      return { code: faults.length, output: faults.join('\n') }
    }

    test('is content with the clean house', async () => {
      await run('tsc', ['-b', 'packages/sdk'], house)
      await rm(join(house, 'packages/sdk/dist/.tsbuildinfo'))
      expect(await check()).toEqual({ code: 0, output: '' })
    })

    test('finds an export that is not there', async () => {
      const exports = {
        '.': exported,
        './gone': { types: './dist/gone.d.ts', default: './dist/gone.js' },
      }
      const { output } = await withPlanted(
        { 'packages/sdk/package.json': manifest({ exports }) },
        check,
      )
      expect(output).toContain(
        'publint: pkg.exports["./gone"].default is ./dist/gone.js but the file',
      )
      expect(output).toMatch(/attw: [\s\S]*Resolution failed/)
      expect(output).toContain("import '@keywell/sdk/gone'")
    })

    test('finds types that stand behind the code', async () => {
      const exports = { '.': { default: './dist/index.js', types: './dist/index.d.ts' } }
      const { output } = await withPlanted(
        { 'packages/sdk/package.json': manifest({ exports }) },
        check,
      )
      expect(output).toContain('publint: pkg.exports["."].types should be the first')
    })

    test('finds tests and surplus files in the tarball', async () => {
      const { output } = await withPlanted(
        {
          'packages/sdk/package.json': manifest({ files: ['dist', 'src', 'notes.txt'] }),
          'packages/sdk/src/one.test.ts': 'export {}\n',
          'packages/sdk/notes.txt': 'private',
        },
        check,
      )
      expect(output).toBe('publishes notes.txt\npublishes src/one.test.ts')
    })

    test('finds an import that a consumer cannot follow', async () => {
      const { output } = await withPlanted(
        { 'packages/sdk/dist/index.js': "export { one } from './one.ts'\n" },
        check,
      )
      expect(output).toContain("import '@keywell/sdk'")
    })
  })

  describe('size', () => {
    const weighed = (code: string) => weigh(join(house, 'packages/sdk/src'), code)

    test('counts what a page imports, and apart from it what it imports later', async () => {
      const small = await weighed("export { one } from './one.ts'")
      expect(small.first).toBeGreaterThan(0)
      expect(small.all).toBe(small.first)
      const later = await weighed("export const load = () => import('./one.ts')")
      expect(later.all).toBeGreaterThan(later.first)
      const react = await weighed("export { useState } from 'react'")
      expect(react.first).toBeLessThan(100)
    })

    test('finds a page that has grown', async () => {
      // Text that brotli cannot make small, and the same in every run.
      const numbers = Array.from({ length: 2_000 }, (_, index) =>
        Math.sin(index).toString(36).slice(3),
      )
      const code = `export const createKeywellClient = ${JSON.stringify(numbers)}`
      const grown = { name: 'core', code, goal: 3, limits: { first: 2.2, all: 4.9 } }
      const { table, aboveLimit } = await sizesWithLimits([grown])
      expect(aboveLimit).toEqual(['core'])
      expect(table).toContain('MISSED')
    })

    test('holds for ours', async () => {
      expect((await sizesWithLimits(ours)).aboveLimit).toEqual([])
    })
  })
})
