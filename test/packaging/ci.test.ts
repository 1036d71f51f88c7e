/** `.ci/run` in a repository of one test: what it says last, and with which code it ends. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { verifies } from '../support/verifies.ts'
import { root } from './run.ts'

// Tools as processes of their own; they take what a busy machine leaves them.
vi.setConfig({ testTimeout: 120_000 })

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywell-ci-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'house'))
  cpSync(join(root, '.ci'), join(folder, 'house/.ci'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true }))

const passing = "test('passes', () => {})"
const failing = "test('fails', () => { throw new Error('on purpose') })"

/** Runs the script from elsewhere and without input, with these tests and this check. */
function runHouse(tests: Readonly<Record<string, string>>, check = 'exit 0') {
  const house = join(folder, 'house')
  const scripts = {
    check,
    build: 'exit 0',
    'pack:check': 'exit 0',
    size: 'exit 0',
    test: 'vitest run',
  }
  const write = (name: string, text: string) => writeFileSync(join(house, name), text)
  write('package.json', JSON.stringify({ name: 'house', type: 'module', scripts }))
  write(
    'package-lock.json',
    JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'house' } } }),
  )
  rmSync(join(house, 'tests'), { recursive: true, force: true })
  mkdirSync(join(house, 'tests'))
  for (const [name, text] of Object.entries(tests)) {
    write(`tests/${name}.test.js`, `import { test } from 'vitest'\n${text}\n`)
  }
  const run = spawnSync(join(house, '.ci/run'), { cwd: '/', encoding: 'utf8' })
  const stdout = stripVTControlCharacters(run.stdout)
  return { status: run.status, lastLine: stdout.trimEnd().split('\n').at(-1), stdout }
}

verifies.suite('house:ci', () => {
  test('all is well', () => {
    const run = runHouse({ a: passing, b: `${passing}\ntest.skip('waits', () => {})` })
    expect(run).toMatchObject({ status: 0, lastLine: '2 passed, 0 failed' })
    expect(run.stdout).toContain('Test Files  2 passed (2)')
  })

  test('a test fails, and a file cannot be loaded', () => {
    expect(runHouse({ a: passing, b: failing, c: "import './gone.js'" })).toMatchObject({
      status: 1,
      lastLine: '1 passed, 2 failed',
    })
  })

  test('a promise that was not awaited is rejected', () => {
    const text = "test('passes', () => { Promise.reject(new Error('on purpose')) })"
    expect(runHouse({ a: text })).toMatchObject({ status: 1, lastLine: '1 passed, 0 failed' })
  })

  test('a gate fails before the tests, which run all the same', () => {
    const run = runHouse({ a: passing }, 'exit 3')
    expect(run).toMatchObject({ status: 1, lastLine: '1 passed, 0 failed' })
    expect(run.stdout).toContain('gate failed: npm run --silent check')
  })

  test('no test runs', () => {
    const skipped = "test.skip('waits', () => {})"
    expect(runHouse({ a: skipped })).toMatchObject({ status: 1, lastLine: '0 passed, 0 failed' })
  })
})
