/** What `npm run frameworks -- --write` wrote down is on the page, for every framework. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { verifies } from '../support/verifies.ts'
import { frameworks } from './table.ts'
import { page, rowsOf, triedFile } from './tried.ts'

const text = z.string().min(1)
const tried = z
  .array(z.object({ framework: text, library: text, version: text, node: text }))
  .parse(JSON.parse(readFileSync(triedFile, 'utf8')))

verifies.suite('sdk:frameworks-tried', () => {
  test.each(frameworks)('$name', ({ name, library, onOldest, agent }) => {
    const own = tried.filter(({ framework }) => framework === name)
    expect(own.map((each) => each.library)).toEqual(own.map(() => library))
    const majors = own.map(({ node }) => node.split('.')[0])
    expect(majors).toEqual(onOldest === undefined ? ['24'] : ['20', '24'])
    const program = readFileSync(join(import.meta.dirname, 'agents', `${agent}.mjs`), 'utf8')
    expect(program).toMatch(/^import .* from '/m)
  })

  test('the page has its rows, and no others', () => {
    const lines = readFileSync(page, 'utf8').split('\n')
    const start = lines.findIndex((line) => /^\| framework +\| library/.test(line)) + 2
    const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
    const cells = lines.slice(start, start + length).map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    expect(cells).toEqual(rowsOf(tried))
  })
})
