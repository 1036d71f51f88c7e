import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pageIsOld } from './page.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'demo-page-'))
  write('apps/demo/index.html', 100)
  write('apps/demo/gallery.html', 100)
  write('apps/demo/package.json', 100)
  write('apps/demo/vite.config.ts', 100)
  write('apps/demo/src/web/main.tsx', 100)
  write('packages/react/src/core/index.ts', 100)
  for (const folder of ['apps/demo/src/web', 'apps/demo/src', 'packages/react/src/core']) {
    utimesSync(join(root, folder), 100, 100)
  }
  utimesSync(join(root, 'packages/react/src'), 100, 100)
})

afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, seconds: number): void {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
  utimesSync(file, seconds, seconds)
}

test('a page that was never built is old', async () => {
  expect(await pageIsOld(root)).toBe(true)
})

test('a page that is younger than its sources is not', async () => {
  write('apps/demo/dist/public/index.html', 200)
  expect(await pageIsOld(root)).toBe(false)
})

test.each([
  'apps/demo/index.html',
  'apps/demo/gallery.html',
  'apps/demo/vite.config.ts',
  'apps/demo/src/web/main.tsx',
  'packages/react/src/core/index.ts',
])('a later change of %s makes it old', async (source) => {
  write('apps/demo/dist/public/index.html', 200)
  write(source, 300)
  expect(await pageIsOld(root)).toBe(true)
})

test('so does a source that was deleted', async () => {
  write('apps/demo/dist/public/index.html', 200)
  rmSync(join(root, 'apps/demo/src/web/main.tsx'))
  expect(await pageIsOld(root)).toBe(true)
})
