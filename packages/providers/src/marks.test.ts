import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createMarks, marksPath } from '../scripts/marks.ts'
import { marks } from './marks.ts'

it('the marks are those of simple-icons: else run `npm run marks -w packages/providers`', () => {
  expect(Object.keys(marks)).toContain('gitlab')
  expect(readFileSync(marksPath, 'utf8')).toBe(createMarks())
})

it('a mark names its owner’s guidelines, and draws with path data only', () => {
  const text = readFileSync(marksPath, 'utf8')
  const guidelines = text.match(/\/\/ Guidelines of its owner: https:\/\//g)
  expect(guidelines).toHaveLength(Object.keys(marks).length)
  for (const { color, path } of Object.values(marks)) {
    expect(color).toMatch(/^#[0-9a-f]{6}$/)
    expect(path).toMatch(/^[a-zA-Z0-9 .,-]+$/)
  }
})
